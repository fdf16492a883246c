"""The media relay's processes: what they answer on their control addresses, unix:PATH or udp:HOST:PORT. Imported, never run."""

import os
import re
import secrets
import socket
import time

# Seconds for one answer.
PATIENCE = 2

etc = os.environ.get("SIP_PROXY_ROOT", "") + "/etc/sip-proxy"


class Process:
    """A process of the relay: the instance of its unit, and the address at which it is asked."""

    def __init__(self, unit, address):
        self.unit, self.address = unit, address
        self.name = unit.removesuffix(".service")
        self.number = self.name.partition("@")[2]

    def options(self):
        """What it is started with: the text of its EnvironmentFile. Fails with OSError."""
        with open(f"{etc}/{self.name.replace('@', '-')}.env", encoding="utf-8") as file:
            return file.read()

    def asking(self, patience):
        """What puts one command to it, and gives the answer."""
        return lambda text: exchange(self.address, text, patience)


def processes(words):
    """The processes that UNIT... ADDRESS... name: as many addresses as units, in their order."""
    half = len(words) // 2
    return [Process(*pair) for pair in zip(words[:half], words[half:])]


def say(text):
    """To the journal, of a unit's program."""
    print(f"sip-proxy: {text}", flush=True)


def exchange(address, text, patience=PATIENCE):
    """The answer to one command, as bytes."""
    kind, _, where = address.partition(":")
    return over_unix(where, text, patience) if kind == "unix" else over_udp(where, text, patience)


def over_unix(path, text, patience):
    """A connection a command, which the relay closes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(patience)
        connection.connect(path)
        connection.sendall(text + b"\n")
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def over_udp(where, text, patience):
    """Both protocols put a cookie in front of a datagram, and repeat the answer to one that they have seen."""
    host, _, port = where.rpartition(":")
    cookie = unique().encode() + b" "
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(patience)
        connection.connect((host, int(port)))
        connection.send(cookie + text)
        received = connection.recv(65536)
    if not received.startswith(cookie):
        raise ValueError("the answer to another question")
    return received[len(cookie) :]


def unique():
    return f"{os.getpid()}_{secrets.token_hex(6)}"


def rtp_ports(protocol, options):
    """The first and the last port for RTP of a process that was started with `options` (of its EnvironmentFile)."""
    patterns = protocols[protocol].first_port, protocols[protocol].last_port
    return tuple(int(re.search(pattern, options)[1]) for pattern in patterns)


class Rtpproxy:
    """RTPProxy's protocol: lines of text. (https://www.rtpproxy.org/doc/protocol.html)"""

    first_port, last_port = r"-m[ =](\d+)", r"-M[ =](\d+)"
    # that it can use: one thread relays
    cores = 1

    @staticmethod
    def sessions(ask):
        lines = (line.partition(":") for line in ask(b"I").decode().splitlines())
        return int({name.strip(): value for name, _, value in lines}["active sessions"])

    @staticmethod
    def calls(_ask):
        """It lists none. Those that nobody has answered it forgets by itself (-W)."""
        return {}

    @staticmethod
    def idle(ask, call, tag, options):
        """Seconds since the last packet of any of its streams, each a session of its own; None when it has none. What is asked for
        is the time that is left: it counts down from -T, once the call is answered."""
        left = []
        for stream in (b"1", b"2", b"3", b"4"):
            answer = ask(b" ".join((b"Q", call, tag + b";" + stream))).split()
            if answer[0].startswith(b"E"):
                break
            left.append(int(answer[0]))
        return int(re.search(r"-T (\d+)", options)[1]) - max(left) if left else None

    @staticmethod
    def end(ask, call, tag):
        ask(b" ".join((b"D", call, tag)))

    @staticmethod
    def probe(ask):
        """U makes a session and answers with its port; D ends it, also where the answer came too late."""
        call = f"selftest-{unique()}".encode()
        try:
            port = int(ask(b"U " + call + b" 127.0.0.1 9 a").split()[0])
        finally:
            ask(b"D " + call + b" a")
        return "ok" if port > 0 else "-"


class Ng:
    """rtpengine's ng protocol: bencoded dictionaries."""

    first_port, last_port = r"--port-min[ =](\d+)", r"--port-max[ =](\d+)"
    cores = os.cpu_count() or 1

    @staticmethod
    def sessions(ask):
        statistics = decode(ask(b"d7:command10:statisticse"))[b"statistics"]
        return int(statistics[b"currentstatistics"][b"sessionstotal"])

    @classmethod
    def calls(cls, ask):
        """Every call by its Call-ID, and whether it has been answered."""
        ids = decode(ask(b"d7:command4:list5:limiti100000ee"))[b"calls"]
        return {id_.decode(errors="replace"): len([*filter(None, cls.query(ask, id_)[b"tags"])]) > 1 for id_ in ids}

    @staticmethod
    def query(ask, call):
        return decode(ask(b"d7:command5:query7:call-id%d:%be" % (len(call), call)))

    @classmethod
    def idle(cls, ask, call, _tag, _options):
        """Seconds since the last packet of any of its streams; None when it does not know the call."""
        answer = cls.query(ask, call)
        if answer[b"result"] != b"ok":
            return None
        return time.time() - max([answer[b"created"], *values(answer, b"last packet")])

    @staticmethod
    def end(ask, call, _tag):
        ask(b"d7:call-id%d:%b7:command6:deletee" % (len(call), call))

    @staticmethod
    def probe(ask):
        return "ok" if decode(ask(b"d7:command4:pinge"))[b"result"] == b"pong" else "-"


protocols = {"rtpproxy": Rtpproxy, "ng": Ng}


def values(tree, name):
    """What has that name, wherever it stands."""
    found = [tree[name]] if isinstance(tree, dict) and name in tree else []
    for branch in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        found += values(branch, name)
    return found


def decode(data):
    return decode_at(data, 0)[0]


def decode_at(data, at):
    """The bencoded value that begins at `at`, and where it ends."""
    kind = data[at : at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if kind in (b"d", b"l"):
        items, at = [], at + 1
        while data[at : at + 1] != b"e":
            item, at = decode_at(data, at)
            items.append(item)
        return (dict(zip(items[::2], items[1::2])) if kind == b"d" else items), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1 : end], end
