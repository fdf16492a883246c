import type { CallLab } from "./call-lab.js";

const program = `
import os, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
while True:
    q, a = s.recvfrom(512)
    if not os.path.exists("/run/zone"):
        continue
    labels, at = [], 12
    while q[at]:
        labels.append(q[at + 1 : at + 1 + q[at]].decode())
        at += 1 + q[at]
    zone = [line.split() for line in open("/run/zone")]
    found = [socket.inet_aton(address) for name, address in zone if name == ".".join(labels)] if q[at + 2] == 1 else []
    answers = b"".join(bytes.fromhex("c00c00010001000000010004") + address for address in found)
    code = 0 if labels[-1:] == ["test"] and any(name == ".".join(labels) for name, _ in zone) else 3
    s.sendto(q[:2] + bytes([0x81, 0x80 + code, 0, 1, 0, len(found)]) + bytes(4) + q[12 : at + 5] + answers, a)
`;

/** A name server on a lab's proxy, at 127.0.0.1. Until it has a zone it says nothing. */
export class NameServer {
  constructor(private readonly lab: CallLab) {}

  async start(): Promise<void> {
    await this.lab.proxy().run("bash", "-c", `nohup /usr/bin/python3 -c '${program}' >/dev/null 2>&1 &`);
  }

  /** From now on it knows the names of these lines, NAME ADDRESS, each for a second; any other name of .test there is not. */
  async zone(...lines: string[]): Promise<void> {
    const write = 'printf "%s\\n" "$@" >/run/zone.new; mv /run/zone.new /run/zone';
    await this.lab.proxy().run("bash", "-c", write, "zone", ...lines);
  }

  async silent(): Promise<void> {
    await this.lab.proxy().run("rm", "-f", "/run/zone");
  }
}
