"""lab.ts runs this as root in the guest, with `cost` or `pass`. The input, and the last line of the output, are JSON. Platform and recorder
are network namespaces of the guest, each with a veth pair to the host. The relay is the host's relay, which gets the same commands as from
Kamailio."""

import base64
import contextlib
import json
import os
import re
import select
import socket
import struct
import subprocess
import sys
import time

RELAY, PLATFORM, RECORDER = "10.0.0.1", "203.0.113.50", "10.99.0.3"
GO = "/run/cost-go"
CONTROL = ("127.0.0.1", 2223)


def run(line, text=None):
    return subprocess.run(line.split(), input=text, check=True, stdout=subprocess.PIPE, text=True).stdout


# Counts RTP and drops it, to leave out the cost of a receiver's sockets.
SINK = """table ip sink {
  counter arrived { }
  chain in { type filter hook prerouting priority raw; udp dport 10000-65535 counter name arrived drop; }
}
"""


class Cables:
    def __enter__(self):
        for name, here, there in (("platform", "203.0.113.1", PLATFORM), ("recorder", "10.99.0.1", RECORDER)):
            for line in (
                f"ip netns add {name}",
                f"ip link add {name} type veth peer name eth0 netns {name}",
                f"ip addr add {here}/24 dev {name}",
                f"ip -n {name} addr add {there}/24 dev eth0",
                f"ip link set {name} up",
                f"ip -n {name} link set eth0 up",
                f"ip -n {name} route add default via {here}",
            ):
                run(line)
        # a veth pair for packets that are sent straight, without a relay
        run("ip netns add straight")
        run("ip link add direct netns platform type veth peer name eth0 netns straight")
        run("ip -n platform addr add 10.98.0.1/24 dev direct")
        run("ip -n platform link set direct up")
        run("ip -n straight addr add 10.98.0.2/24 dev eth0")
        run("ip -n straight link set eth0 up")

    def __exit__(self, *_):
        for name in ("platform", "recorder", "straight"):
            run(f"ip netns del {name}")


def in_namespace(name):
    """Moves this process to a network namespace: its new sockets belong to that one."""
    with open(f"/run/netns/{name}", "rb") as file:
        os.setns(file.fileno(), os.CLONE_NEWNET)


def at(name, do):
    with open("/proc/self/ns/net", "rb") as home:
        in_namespace(name)
        try:
            return do()
        finally:
            os.setns(home.fileno(), os.CLONE_NEWNET)


def udp(address, port):
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.bind((address, port))
    return connection


def bencoded(value):
    if isinstance(value, str):
        return f"{len(value.encode())}:{value}"
    if isinstance(value, list):
        return f"l{''.join(map(bencoded, value))}e"
    return f"d{''.join(bencoded(key) + bencoded(value[key]) for key in sorted(value))}e"


def ng(**command):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(20)
        connection.sendto(f"{os.getpid()}_{time.monotonic_ns()} {bencoded(command)}".encode(), CONTROL)
        return connection.recv(65536).decode(errors="replace")


def text_of(answer):
    """The SDP in an answer of the relay."""
    length, _, rest = answer.partition("3:sdp")[2].partition(":")
    if not length.isdigit():
        raise RuntimeError(f"the relay says {answer}")
    return rest[: int(length)]


def call(id_, offer, answer):
    """Sets up a call like Kamailio; returns the SDP for the recorder and for the platform."""
    common = {"call-id": id_, "from-tag": "a", "replace": ["origin", "session-connection"], "ICE": "remove", "flags": ["trust address"]}
    to_recorder = text_of(ng(**common, command="offer", direction=["pub", "priv"], sdp=offer))
    common["flags"] = ["trust address", "strict source", "asymmetric"]
    to_platform = text_of(ng(**common, **{"to-tag": "b"}, command="answer", direction=["priv", "pub"], sdp=answer))
    return to_recorder, to_platform


def end(id_):
    ng(**{"call-id": id_, "command": "delete", "from-tag": "a"})


def forwarded():
    answer = ng(command="statistics")
    return {by: int(re.search(rf"relayedpackets_{by}i(\d+)e", answer)[1]) for by in ("user", "kernel")}


def sdp(address, ports, direction):
    media = "".join(f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na={direction}\r\n" for port in ports)
    return f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n{media}"


def ports_of(text):
    return [int(port) for port in re.findall(r"m=audio (\d+)", text)]


def cpu_seconds(pid):
    """Exact CPU time of a process, in seconds."""
    spent = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            spent += int(file.read().split()[0]) / 1e9
    return spent


class Streams:
    """One stream for each target, with 50 packets per second each, evenly spread."""

    def __init__(self, first, targets):
        self.packet, self.number, self.sockets = bytearray(172), 0, []
        self.packet[0] = 0x80
        for index, target in enumerate(targets):
            self.sockets.append(udp("0.0.0.0", first + 2 * index))
            self.sockets[-1].connect(target)

    def send(self, seconds):
        """Sends for some seconds; returns the number of sent packets. A late sender skips packets."""
        step, sent, due = 0.02 / len(self.sockets), 0, time.monotonic()
        until = due + seconds
        while (now := time.monotonic()) < until:
            if now < due:
                time.sleep(due - now)
                continue
            if now > due + 0.2:
                due = now
            # sends all packets that are due within a millisecond
            while due <= now + 0.001:
                stream = self.number % len(self.sockets)
                count = self.number // len(self.sockets)
                struct.pack_into(">HII", self.packet, 2, count & 0xFFFF, count * 160 & 0xFFFFFFFF, stream + 1)
                self.sockets[stream].send(self.packet)
                self.number, sent, due = self.number + 1, sent + 1, due + step
        return sent

    def close(self):
        for each in self.sockets:
            each.close()


def arrived(name):
    return int(re.search(r"packets (\d+)", run(f"ip netns exec {name} nft list counter ip sink arrived"))[1])


class Rtpproxy:
    """RTPProxy beside the host's relay. `control`: address and port; `argv`: program and arguments."""

    def __init__(self, control, argv):
        self.control, self.process = control, subprocess.Popen(argv)

    def ask(self, text):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
            connection.settimeout(20)
            connection.sendto(f"{time.monotonic_ns()} {text}".encode(), tuple(self.control))
            return int(connection.recv(2048).split()[1])

    def call(self, id_, first, recorder):
        """Sets up a call of two streams like Kamailio; returns the ports for the platform."""
        ports = []
        for stream in range(2):
            self.ask(f"U {id_} {PLATFORM} {first + 2 * stream} a;{stream + 1}")
            ports.append(self.ask(f"LA {id_} {RECORDER} {recorder + 2 * stream} a;{stream + 1} b;{stream + 1}"))
        return ports

    def __enter__(self):
        for _ in range(100):
            try:
                self.ask("V")
                return self
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("RTPProxy does not answer")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def cost(told):
    """Sends packets in each way in turn: none (idle), straight, relayed in the kernel, relayed in user space, relayed by RTPProxy (if it is
    there). Prints the begin and end of each way: the CPU time of this machine's emulator is measured outside, which is more exact than a
    measurement in the guest."""
    calls, seconds, rounds = told["calls"], told["seconds"], told["rounds"]
    pid = run("systemctl show --property=MainPID --value rtpengine@1.service").strip()
    rows = []
    with Cables(), quiet(), contextlib.ExitStack() as stack:
        rtpproxy = told["rtpproxy"] and stack.enter_context(Rtpproxy(**told["rtpproxy"]))
        for name in ("recorder", "straight"):
            run(f"ip netns exec {name} nft -f -", SINK)
        targets = []
        for number in range(calls):
            first = 40000 + 4 * number
            answer = sdp(RECORDER, [20000 + 4 * number, 20002 + 4 * number], "recvonly")
            _, there = call(f"cost{number}", sdp(PLATFORM, [first, first + 2], "sendonly"), answer)
            targets += [(RELAY, port) for port in ports_of(there)]
        relayed = at("platform", lambda: Streams(40000, targets))
        straight = at("platform", lambda: Streams(50000, [("10.98.0.2", 20000 + 2 * index) for index in range(2 * calls)]))
        ways = {"idle": (None, pid), "straight": (straight, pid), "kernel": (relayed, pid), "user": (relayed, pid)}
        if rtpproxy:
            targets = [
                (RELAY, port)
                for number in range(calls)
                for port in rtpproxy.call(f"cost{number}", 45000 + 4 * number, 30000 + 4 * number)
            ]
            ways["rtpproxy"] = (at("platform", lambda: Streams(45000, targets)), rtpproxy.process.pid)
        try:
            for _ in range(rounds):
                for way, (streams, process) in ways.items():
                    rows.append({"way": way, **measured(way, streams, process, seconds)})
        finally:
            in_kernel(True)
            for number in range(calls):
                end(f"cost{number}")
    return rows


def in_kernel(yes):
    """With or without the relay's nftables rules. The relay watch, which puts them back, is left stopped: its CPU time is not a packet's."""
    if yes:
        run("systemctl start sip-proxy-relay-watch.service")
        while "counter" not in run("nft list chain ip filter rtpengine"):
            time.sleep(0.5)
    run("systemctl stop sip-proxy-relay-watch.service")
    if not yes:
        run("nft flush chain ip filter rtpengine")


@contextlib.contextmanager
def quiet():
    """Without the agents that look at the host from time to time: an emulated host spends more on them than on the packets."""
    agents = [f"sip-proxy-{name}.service" for name in ("call-watch", "dispatcher-sync", "exporter", "health", "metrics")]
    active = [each for each in agents if subprocess.run(["systemctl", "-q", "is-active", each]).returncode == 0]
    run(f"systemctl stop {' '.join(active)}")
    try:
        yield
    finally:
        run(f"systemctl start {' '.join(active)} sip-proxy-relay-watch.service")


def measured(way, streams, pid, seconds):
    in_kernel(way not in ("user", "rtpproxy"))
    if streams:
        # new sockets need some time, and the relay learns the senders' addresses
        streams.send(3)
    where = "straight" if way == "straight" else "recorder"
    by, came, spent = forwarded(), arrived(where), cpu_seconds(pid)
    # waits for the listener, which may be late
    print("begin", flush=True)
    while not os.path.exists(GO):
        time.sleep(0.05)
    os.remove(GO)
    time.sleep(1)
    sent = streams.send(seconds) if streams else time.sleep(seconds) or 0
    time.sleep(1)
    print("end", flush=True)
    spent = cpu_seconds(pid) - spent
    now = forwarded()
    return {"sent": sent, "arrived": arrived(where) - came, "process": spent, **{name: now[name] - by[name] for name in now}}


def pass_(told):
    """Sends the given packets through the relay; returns the received packets, and the SDP for both sides."""
    with Cables():
        before = forwarded()
        to_recorder, to_platform = call("pass", told["offer"], told["answer"])
        try:
            (port,) = ports_of(to_platform)
            sender, control = (at("platform", lambda n=number: udp(PLATFORM, n)) for number in (40000, 40001))
            rtp, rtcp = (at("recorder", lambda n=number: udp(RECORDER, n)) for number in (20000, 20001))
            for index, packet in enumerate(told["rtp"]):
                sender.sendto(base64.b64decode(packet), (RELAY, port))
                if index % 10 == 9 and told["rtcp"]:
                    control.sendto(base64.b64decode(told["rtcp"].pop(0)), (RELAY, port + 1))
                time.sleep(0.02)
            came = {"rtp": received(rtp), "rtcp": received(rtcp)}
            with open("/proc/rtpengine/0/list", encoding="ascii") as file:
                listed = file.read()
            time.sleep(1.5)
            after = forwarded()
        finally:
            end("pass")
    by = {name: after[name] - before[name] for name in after}
    return {"toRecorder": to_recorder, "toPlatform": to_platform, "list": listed, **came, **by}


def received(connection):
    """Returns the packets until none has arrived for a second."""
    packets = []
    while select.select([connection], [], [], 1)[0]:
        packets.append(base64.b64encode(connection.recv(2048)).decode())
    return packets


print(json.dumps({"cost": cost, "pass": pass_}[sys.argv[1]](json.loads(sys.stdin.read()))))
