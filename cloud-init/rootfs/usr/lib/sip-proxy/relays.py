"""The media relay's processes: what they answer on their control addresses, unix:PATH or udp:HOST:PORT. Imported, never run."""

import os
import re
import secrets
import socket
import sys
import time

from ng import Ng
from rtpproxy import Rtpproxy

protocols = {"rtpproxy": Rtpproxy, "ng": Ng}

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


class Relay:
    """All processes of the media relay. One that has not answered within `patience` is not asked for `pause` seconds: whoever goes
    through calls would wait for each of them. Everything fails with OSError where there is no answer."""

    def __init__(self, protocol, all_, patience, pause):
        self.protocol, self.pause = protocols[protocol], pause
        # by number: what it was started with, what puts a command to it, and from when on it is asked
        self.options = {each.number: each.options() for each in all_}
        self.exchanges = {each.number: each.asking(patience) for each in all_}
        self.not_before = dict.fromkeys(self.exchanges, 0)

    def ask(self, instance, text):
        if time.monotonic() < self.not_before[instance]:
            raise TimeoutError("it has not answered")
        try:
            return self.exchanges[instance](text)
        except TimeoutError:
            self.not_before[instance] = time.monotonic() + self.pause
            raise

    def asking(self, instance):
        return lambda text: self.ask(instance, text)

    def calls(self):
        """What it holds, as far as it tells: (Call-ID, number of the process, whether it has been answered)."""
        for instance in self.exchanges:
            for id_, answered in self.protocol.calls(self.asking(instance)).items():
                yield id_, instance, answered

    def idle(self, call):
        """Seconds since its last packet; None when the relay does not know it."""
        return self.protocol.idle(self.asking(call.instance), call.id.encode(), call.tag.encode(), self.options[call.instance])

    def streams(self, id_, media, numbers):
        """What it has counted of the streams with these numbers, as far as it knows them: number: Counts."""
        return self.protocol.streams(self.asking(media.instance), id_.encode(), media, numbers) if numbers else {}

    def end(self, call):
        self.protocol.end(self.asking(call.instance), call.id.encode(), call.tag.encode())


def say(text):
    """To the journal, of a unit's program."""
    put(f"sip-proxy: {text}")


def put(line):
    """In one piece, whatever other threads say."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell_systemd(status):
    """What `systemctl status` and `sip-proxy status` show of a unit."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(f"STATUS={status}".encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)


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
