"""Queries to the media relay's processes on their control addresses, unix:PATH or udp:HOST:PORT. Imported, never run."""

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
    """A process of the relay: the instance of its unit, and its control address."""

    def __init__(self, unit, address):
        self.unit, self.address = unit, address
        self.name = unit.removesuffix(".service")
        self.number = self.name.partition("@")[2]

    def options(self):
        """Its options: the text of its EnvironmentFile. Raises OSError."""
        with open(f"{etc}/{self.name.replace('@', '-')}.env", encoding="utf-8") as file:
            return file.read()

    def asking(self, patience):
        """A function that sends it a command and returns the answer."""
        return lambda text: exchange(self.address, text, patience)


def processes(words):
    """The processes in the words UNIT... ADDRESS...: one address for each unit, in the same order."""
    half = len(words) // 2
    return [Process(*pair) for pair in zip(words[:half], words[half:])]


class Relay:
    """All processes of the media relay. A process without an answer within `patience` is not queried for `pause` seconds, so that loops
    over calls do not wait for each call. All methods raise OSError without an answer."""

    def __init__(self, protocol, all_, patience, pause):
        self.protocol, self.pause = protocols[protocol], pause
        # by number: its options, a function that sends a command, and the time from which it is queried
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
        """Its calls, if the protocol lists them: (Call-ID, number of the process, whether the call was answered)."""
        for instance in self.exchanges:
            for id_, answered in self.protocol.calls(self.asking(instance)).items():
                yield id_, instance, answered

    def idle(self, call):
        """Seconds since the call's last packet; None if the relay does not know the call."""
        return self.protocol.idle(self.asking(call.instance), call.id.encode(), call.tag.encode(), self.options[call.instance])

    def streams(self, id_, media, numbers):
        """Its counters of the streams with these numbers, if known: {number: Counts}."""
        return self.protocol.streams(self.asking(media.instance), id_.encode(), media, numbers) if numbers else {}

    def end(self, call):
        self.protocol.end(self.asking(call.instance), call.id.encode(), call.tag.encode())


def say(text):
    """Writes a line to the journal."""
    put(f"sip-proxy: {text}")


def put(line):
    """Writes the line in one call, so that lines of other threads do not mix."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell_systemd(status):
    """Sets the status text of the unit, which `systemctl status` and `sip-proxy status` show."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(f"STATUS={status}".encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)


def exchange(address, text, patience=PATIENCE):
    """The answer to one command, as bytes."""
    kind, _, where = address.partition(":")
    return over_unix(where, text, patience) if kind == "unix" else over_udp(where, text, patience)


def over_unix(path, text, patience):
    """One connection for each command; the relay closes it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(patience)
        connection.connect(path)
        connection.sendall(text + b"\n")
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def over_udp(where, text, patience):
    """Both protocols begin datagrams with a cookie, and answer a repeated cookie with the same answer."""
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
    """The first and last RTP port of a process with these `options` (of its EnvironmentFile)."""
    patterns = protocols[protocol].first_port, protocols[protocol].last_port
    return tuple(int(re.search(pattern, options)[1]) for pattern in patterns)
