import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { guardValues } from "../../src/compute/host/guard.js";
import { imageSources } from "../../src/do/assets.js";
import { writeFiles } from "../../src/do/write-files.js";
import { fleetOf } from "../support/fleets.js";
import { inNetworkOf } from "../support/guarded-network.js";

// host_firewall with packets between two networks that end with their shell.

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "host-firewall-"));
  await writeFiles(root, imageSources().rootfs);
});
afterEach(() => rmSync(root, { recursive: true }));

const inNetwork = (lines: string) => inNetworkOf(root, lines);
const firewall = {
  host_firewall: true,
  ssh_networks: ["192.0.2.0/24", "192.0.2.7"],
  enable_metrics: true,
  http_allow: ["192.0.2.7", "198.51.100.0/24"],
};
const packages = [
  { name: "exporter", ports: [{ port: 9100, from: ["192.0.2.7"] }] },
  { name: "collector", ports: [{ port: 8125, protocol: "udp", from: ["192.0.2.7"] }] },
];

/** Listens on every port that a test tries: accepts TCP, echoes UDP. */
const listen = `
import selectors, socket
looked = selectors.DefaultSelector()
for kind, ports in (socket.SOCK_STREAM, (22, 2022, 5080, 8090, 9100, 2223, 22222)), (socket.SOCK_DGRAM, (5080, 20000, 8125, 2223)):
    for port in ports:
        one = socket.socket(socket.AF_INET6, kind)
        one.bind(("::", port))
        if kind == socket.SOCK_STREAM: one.listen()
        looked.register(one, selectors.EVENT_READ)
print("listening", flush=True)
kept = []
while True:
    for key, _ in looked.select():
        if key.fileobj.type == socket.SOCK_STREAM:
            kept.append(key.fileobj.accept())
        else:
            data, peer = key.fileobj.recvfrom(65535)
            key.fileobj.sendto(data, peer)
`;

/**
 * Tries all lines of FROM TO KIND PORT SIZE at the same time. Prints the successful ones, sorted, one second after WANTED of them have
 * succeeded.
 */
const tries = `
import selectors, socket, struct, sys, time
looked, found, wanted, end = selectors.DefaultSelector(), [], int(sys.argv[1]), time.monotonic() + 30
for line in sys.stdin:
    source, to, kind, port, size = line.split()
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    icmp = {socket.AF_INET: (socket.IPPROTO_ICMP, 8), socket.AF_INET6: (socket.IPPROTO_ICMPV6, 128)}[family]
    one = socket.socket(family, {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM, "ping": socket.SOCK_RAW}[kind], icmp[0] if kind == "ping" else 0)
    one.bind((source, 0))
    one.setblocking(False)
    one.connect_ex((to, int(port)))
    if kind == "udp": one.send(bytes(int(size)))
    if kind == "ping": one.send(struct.pack("!BBHHH", icmp[1], 0, 0xf7ff if family == socket.AF_INET else 0, 0, 0))
    looked.register(one, selectors.EVENT_WRITE if kind == "tcp" else selectors.EVENT_READ, line.strip())
while time.monotonic() < end:
    for key, _ in looked.select(0.1):
        looked.unregister(key.fileobj)
        if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0: found.append(key.data)
    if len(found) >= wanted: end = min(end, time.monotonic() + 1)
print("\\n".join(sorted(found)))
`;

/** A host (192.0.2.1, 203.0.113.1, 198.18.0.1), and a peer with the addresses of an operator, the platform and a stranger. */
const peers = `
  peer=$(network_beside)
  trap 'kill $peer $(jobs -p) 2>/dev/null' EXIT
  at_peer() { nsenter --target $peer --net "$@"; }
  ip link set lo up; ip link add v0 type veth peer name v1 netns $peer
  ip link set v0 up; at_peer ip link set v1 up
  for own in 192.0.2.1/24 203.0.113.1/24 198.18.0.1/24; do ip address add $own dev v0; done
  for its in 192.0.2.7/24 203.0.113.9/24 198.18.0.9/24; do at_peer ip address add $its dev v1; done
  ip -6 address add 2001:db8::1/64 dev v0 nodad; at_peer ip -6 address add 2001:db8::7/64 dev v1 nodad
  /usr/bin/python3 "$SIP_PROXY_ROOT/listen.py" >"$SIP_PROXY_ROOT/came" 2>&1 &
  until grep -q listening "$SIP_PROXY_ROOT/came"; do sleep 0.05; done
  tries() { at_peer /usr/bin/python3 "$SIP_PROXY_ROOT/tries.py" "$@"; }
  log_in() { nsenter --target $peer --net bash -c 'exec 3<>/dev/tcp/192.0.2.1/22; exec sleep 300' >/dev/null 2>&1 & }
  logins() { ss -Htn state established 'sport = :22' | wc -l; }`;

const configureWith = (settings: object) => {
  const fleet = fleetOf({ settings: { ...firewall, ...settings }, image: { packages } });
  const values = guardValues(fleet, fleet.hosts[0]?.settings ?? expect.fail());
  return writeFiles(root, [
    { path: "etc/sip-proxy/guard-values.nft", content: values },
    { path: "listen.py", content: listen },
    { path: "tries.py", content: tries },
  ]);
};
const said = (text: string) => text.trim().split("\n");

test("lets in SIP and media, fragments too, pings, and what the fleet file opens; nothing else", async () => {
  await configureWith({});
  const open = [
    "192.0.2.7 192.0.2.1 tcp 22 0",
    "192.0.2.7 192.0.2.1 tcp 8090 0",
    "192.0.2.7 192.0.2.1 tcp 9100 0",
    "192.0.2.7 192.0.2.1 udp 8125 10",
    "203.0.113.9 203.0.113.1 tcp 5080 0",
    "203.0.113.9 203.0.113.1 udp 5080 20000",
    "203.0.113.9 203.0.113.1 udp 20000 172",
    "198.18.0.9 198.18.0.1 ping 0 0",
    "2001:db8::7 2001:db8::1 ping 0 0",
  ];
  const closed = ["192.0.2.7 192.0.2.1", "203.0.113.9 203.0.113.1", "198.18.0.9 198.18.0.1"].flatMap((pair) =>
    [
      "tcp 2223",
      "tcp 22222",
      "udp 2223",
      ...(pair.startsWith("192") ? [] : ["tcp 22", "tcp 8090", "tcp 9100", "udp 8125"]),
    ].map((port) => `${pair} ${port} 10`),
  );
  const strange = [
    "198.18.0.9 198.18.0.1 udp 5080 10",
    "198.18.0.9 198.18.0.1 udp 20000 10",
    "198.18.0.9 198.18.0.1 tcp 5080 0",
    "2001:db8::7 2001:db8::1 tcp 22 0",
  ];
  const all = [...closed, ...strange, ...open].join("\n");
  const came = await inNetwork(`${peers}
    guard
    tries ${open.length} <<<"${all}"`);
  expect(said(came).sort()).toEqual([...open].sort());
});

const ssh = "192.0.2.7 192.0.2.1 tcp 22 0";
const metrics = "203.0.113.9 203.0.113.1 tcp 8090 0";

test("opens again by itself when those who are logged in cannot do so once more; their connections go on", async () => {
  await configureWith({ ssh_networks: ["198.51.100.0/24"] });
  const came = await inNetwork(`${peers}
    nft add table inet others
    log_in; until (($(logins) == 1)); do sleep 0.05; done
    SIP_PROXY_TRIAL=3 guard reload && status=0 || status=$?
    echo "status $status, logins $(logins)"
    while nft list set ip sip_proxy closed | grep -q elements; do sleep 0.05; done
    tries 2 <<<"${ssh}\n${metrics}"
    guard; nft list set ip sip_proxy closed | grep elements || echo "stays open"
    nft delete table ip sip_proxy; guard; nft list set ip sip_proxy closed | grep elements || echo "loaded open"
    nft list tables | sort`);
  expect(came).toMatch(/^sip-proxy: host_firewall is on trial for 3 s: .*\nsip-proxy: FAILED: no new login/);
  expect(said(came).slice(3)).toEqual([
    "status 1, logins 1",
    ssh,
    metrics,
    "stays open",
    "loaded open",
    "table inet others",
    "table ip sip_proxy",
    "table ip6 sip_proxy",
  ]);
});

test("stays when somebody logs in once more, and is not tried where nobody is logged in", async () => {
  await configureWith({});
  const came = await inNetwork(`${peers}
    guard reload; nft list set ip sip_proxy closed | grep elements
    log_in; until (($(logins) == 1)); do sleep 0.05; done
    SIP_PROXY_TRIAL=60 guard reload & tried=$!
    until nft list set ip sip_proxy closed 2>/dev/null | grep -q expires; do sleep 0.05; done
    log_in; wait $tried
    nft list set ip sip_proxy closed | grep elements; tries 1 <<<"${ssh}\n${metrics}"`);
  expect(said(came).map((line) => line.trim())).toEqual([
    "elements = { 0.0.0.0/0 }",
    expect.stringMatching(/^sip-proxy: host_firewall is on trial/),
    "sip-proxy: host_firewall is active",
    "elements = { 0.0.0.0/0 }",
    ssh,
  ]);
});

test("SSH stays open at the ports of sshd's configuration, also one that changes later, for ssh_networks alone", async () => {
  await configureWith({});
  const [other, stranger] = ["192.0.2.7 192.0.2.1 tcp 2022 0", "203.0.113.9 203.0.113.1 tcp 2022 0"];
  const came = await inNetwork(`${peers}
    set_up() { mkdir -p "$SIP_PROXY_ROOT/etc/ssh/sshd_config.d"; printf "$2" >"$SIP_PROXY_ROOT/etc/ssh/$1"; }
    open() { nft list set ip sip_proxy ssh | grep -o 'elements.*'; }
    set_up sshd_config '#Port 23\\nPort 22\\n'
    guard; tries 1 <<<"${other}\n${ssh}"; open
    set_up sshd_config.d/port.conf '  port = 2022\\nListenAddress 192.0.2.1:443\\nlistenaddress [2001:db8::1]:444\\nListenAddress ::\\nPort 99999\\n'
    guard; tries 2 <<<"${other}\n${ssh}\n${stranger}"; open; nft list set ip6 sip_proxy ssh | grep -o 'elements.*'
    guard
    mkdir -p "$SIP_PROXY_ROOT/etc/systemd/system/ssh.socket.d"; rm -r "$SIP_PROXY_ROOT/etc/ssh"
    printf '[Socket]\\nListenStream=\\nListenStream=2022\\nListenStream=0.0.0.0:2023\\nListenStream=/run/x\\n' >"$SIP_PROXY_ROOT/etc/systemd/system/ssh.socket.d/port.conf"
    guard reload; open`);
  expect(said(came)).toEqual([
    ssh,
    "elements = { 22 }",
    "sip-proxy: ports of SSH: 22, 443, 444, 2022",
    other,
    ssh,
    "elements = { 22, 443, 444, 2022 }",
    "elements = { 22, 443, 444, 2022 }",
    "elements = { 22, 2022, 2023 }",
  ]);
});

test("user-data of a former release closes nothing else", async () => {
  await configureWith({ host_firewall: false, ssh_networks: [] });
  const came = await inNetwork(
    "guard; guard reload; nft list set ip sip_proxy closed; nft list set ip6 sip_proxy closed",
  );
  expect(came).toMatch(/^table ip sip_proxy/);
  expect(came).not.toContain("elements");
});
