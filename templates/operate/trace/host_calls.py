"""The host's data about its calls: current calls, ports of their media, recorders. Imported, never run."""

import json
import os
import re
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


def media_ports(call_id):
    """The even ports of a call, from its relay or the relay's log; None if they cannot be known."""
    try:
        return ports_of_rtpengine(call_id) if os.environ["RELAY_PROTOCOL"] == "ng" else ports_logged(call_id)
    except (OSError, ValueError, LookupError, ImportError, subprocess.SubprocessError):
        return None


def ports_of_rtpengine(call_id):
    from ng import Ng, values
    from relays import exchange

    address = os.environ["RELAY_CONTROLS"].split()[0]
    found = values(Ng.query(lambda text: exchange(address, text), call_id.encode()), b"local port")
    return {port & ~1 for port in found} or None


def ports_logged(call_id):
    """RTPProxy writes the ports only to its log."""
    command = ["journalctl", "--quiet", "--output=cat", "--unit=rtpproxy@*", "--grep", re.escape(call_id)]
    told = subprocess.run(command, capture_output=True, timeout=30, check=True, text=True, errors="replace").stdout
    found = re.findall(r"on IPv4 port (\d+) created|on ports (\d+)/(\d+)|replacing with (\d+)/", told)
    return {int(port) & ~1 for ports in found for port in ports if port not in ("", "0")} or None


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
