import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { run } from "../../src/do/process.js";

// Which RTP packets a trace takes for those of a chosen call. The call tier traces real calls.

/** Whether a packet belongs to a call with the host's port 30000, for each (outgoing, source port, destination port). */
async function taken(packets: readonly [boolean, number, number][]): Promise<boolean[]> {
  const program = `
import json, struct, sys
sys.path.insert(0, sys.argv[1])
from chosen_calls import Call, Trace
from sip_messages import Packet

choice = {"ids": [], "platforms": [], "recorders": [], "calls": 1}
kept = []
trace = Trace(choice, [], None, kept.append, print)
trace.give(Call("chosen", False), {30000})
for outgoing, source, destination in json.loads(sys.argv[2]):
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 17, 0, bytes([203, 0, 113, 10]), bytes([10, 0, 0, 1]))
    data = ip + struct.pack("!HHHH", source, destination, 20, 0) + b"\\x80" + bytes(11)
    trace.take(Packet(0, outgoing, data, len(data)))
    print(json.dumps(len(kept)))
    kept.clear()
`;
  const argv = [program, join(packageRoot, "templates/operate/trace"), JSON.stringify(packets)];
  const { stdout } = await run({ argv: ["/usr/bin/python3", "-Bc", ...argv] });
  return stdout
    .trim()
    .split("\n")
    .map((line) => line === "1");
}

test("the host's own port decides, because others may use the same number for another call", async () => {
  const [incoming, outgoing] = [false, true];
  expect(
    await taken([
      [incoming, 41000, 30000],
      [incoming, 41001, 30001], // RTCP
      [outgoing, 30000, 41000],
      [incoming, 30000, 26000],
      [outgoing, 26000, 30000],
    ]),
  ).toEqual([true, true, true, false, false]);
});
