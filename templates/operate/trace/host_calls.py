"""The host's data about its calls: current calls, ports of their media, recorders. Imported, never run."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys

lib = os.environ.get("SIP_PROXY_LIB", "/usr/lib/sip-proxy")
sys.path.append(lib)


def calls_up():
    """The calls in the output of the host's tell-calls; none for an image without it."""
    try:
        told = subprocess.run([lib + "/calls"], capture_output=True, timeout=30, check=True).stdout
        return [call for call in json.loads(told) if call["state"] != "setup"]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []


def media_relay():
    """The source of the ports of a call."""
    return Rtpengine(os.environ["RELAY_CONTROLS"].split()[0]) if os.environ["RELAY_PROTOCOL"] == "ng" else Rtpproxy


class Rtpengine:
    """Its control port is closed to other users than root. A socket that root opened can be used without root's rights."""

    def __init__(self, address):
        host, _, port = address.partition(":")[2].rpartition(":")
        self.control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.control.settimeout(2)
        self.control.connect((host, int(port)))

    def ports(self, call_id):
        from ng import Ng, values

        return set(values(Ng.query(self.ask, call_id.encode()), b"local port"))

    def ask(self, text):
        # late answers to earlier questions have other cookies
        cookie = secrets.token_hex(8).encode() + b" "
        self.control.send(cookie + text)
        while True:
            answer = self.control.recv(65536)
            if answer.startswith(cookie):
                return answer[len(cookie) :]


class Rtpproxy:
    """RTPProxy writes the ports only to its log."""

    @staticmethod
    def ports(call_id):
        command = ["journalctl", "--quiet", "--output=cat", "--unit=rtpproxy@*", "--grep", re.escape(call_id)]
        told = subprocess.run(command, capture_output=True, timeout=30, check=True, text=True, errors="replace").stdout
        found = re.findall(r"on IPv4 port (\d+) created|on ports (\d+)/(\d+)|replacing with (\d+)/", told)
        return {int(port) for ports in found for port in ports if port not in ("", "0")}


def media_ports(relay, call_id):
    """The even ports of a call, from its relay or the relay's log; None if they cannot be known."""
    try:
        return {port & ~1 for port in relay.ports(call_id)} or None
    except (OSError, ValueError, LookupError, ImportError, subprocess.SubprocessError):
        return None


def sip_ports(those):
    """{protocol: ports} on which SIP is received, or from which it is sent to recorders."""
    from kamailio import rpc

    ports = {"udp": set(), "tcp": set()}
    sockets = [each["socket"] for each in rpc("core.sockets_list")]
    named = [(each["proto"], int(each["port"])) for each in sockets]
    for protocol, port in named + [(transport, port) for _, _, port, transport in those]:
        ports.get(protocol, set()).add(port)
    return ports


def recorders():
    """URI, addresses, port and transport of each recorder that Kamailio has loaded."""
    from loaded import destinations

    return [recorder(destination["URI"]) for _, destination in destinations()]


def recorder(uri):
    host, port = re.match(r"(?:sips?:)?(?:[^@]*@)?([^:;?]+)(?::(\d+))?", uri).groups()
    transport = re.search(r";transport=(\w+)", uri)
    transport = transport[1].lower() if transport else "udp"
    return uri, addresses(host), int(port or (5061 if transport == "tls" else 5060)), transport


def addresses(host):
    try:
        return {entry[4][0] for entry in socket.getaddrinfo(host, None, socket.AF_INET)}
    except OSError:
        return set()
