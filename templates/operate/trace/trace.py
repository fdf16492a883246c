"""Writes the packets of chosen calls to standard output, as enhanced packet blocks of a pcapng file; what it has found to standard
error, a line of JSON each. It ends when standard input does, at its limits, or with the last of the calls.

The choice (JSON): ids, platforms (addresses), recorders (URIs), calls (at most so many), seconds, bytes, payload (also what RTP carries).
"""

import grp
import json
import os
import pwd
import select
import socket
import struct
import sys
import time

import host_calls
import packet_filter
from chosen_calls import Trace
from sip_messages import Packet

ALL_PROTOCOLS = 0x0003
# <linux/if_packet.h>, <asm/socket.h>
SOL_PACKET, PACKET_STATISTICS, TIMESTAMP_NS, RECEIVE_BUFFER = 263, 6, 35, 33


def main(choice):
    recorders = host_calls.recorders()
    ports = host_calls.sip_ports(recorders)
    written = Written(choice["bytes"])
    trace = Trace(choice, recorders, host_calls.media_relay(), written.packet, tell)
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PROTOCOLS)) as packets:
        packets.setsockopt(socket.SOL_SOCKET, RECEIVE_BUFFER, 8 << 20)
        packets.setsockopt(socket.SOL_SOCKET, TIMESTAMP_NS, 1)

        def listen():
            trace.ports_changed = False
            code = packet_filter.program(ports["udp"], ports["tcp"], trace.ports, choice["payload"])
            packet_filter.attach(packets, code)

        # packets that arrived before the filter was attached
        packet_filter.attach(packets, packet_filter.NOTHING)
        while [*waiting(packets)]:
            pass
        listen()
        trace.choose_up(host_calls.calls_up())
        drop_rights()
        tell(event="listening")
        why = follow(choice, trace, packets, listen, written)
        dropped = struct.unpack("II", packets.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
    for call in trace.calls.values():
        if len(call.legs) == 1:
            tell(event="note", call_id=call.id, note=f"of its SIP only the side of the {[*call.legs][0]} was read; TLS cannot be")
    each = [{"call_id": call.id, "packets": call.packets, "ended": bool(call.over)} for call in trace.calls.values()]
    tell(event="done", why=why, calls=each, packets=written.packets, bytes=written.bytes, dropped=dropped)


def follow(choice, trace, packets, listen, written):
    """Runs until the trace ends; returns the reason."""
    end = time.monotonic() + choice["seconds"]
    looked = 0
    while time.monotonic() < end:
        readable = select.select([packets, 0], [], [], 0.2)[0]
        if 0 in readable and not os.read(0, 4096):
            return "stopped"
        if packets in readable:
            for packet in waiting(packets):
                trace.take(packet)
                if trace.ports_changed:
                    listen()
                if written.is_full():
                    return "size"
        sys.stdout.buffer.flush()
        if time.monotonic() - looked > 0.5:
            looked = time.monotonic()
            if trace.forget():
                return "calls"
            if trace.ports_changed:
                listen()
    return "time"


def waiting(packets):
    """Reads waiting packets, but not too many at once, because other work is waiting."""
    for _ in range(1000):
        try:
            data, extra, _, (interface, _, kind, *_) = packets.recvmsg(1 << 16, 128, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        outgoing = kind == socket.PACKET_OUTGOING
        # packets on loopback are received twice
        if len(data) < 28 or interface == "lo" and outgoing:
            continue
        # of neither side: Kamailio's messages to itself, by which it ends media
        if 127 in (data[12], data[16]):
            continue
        seconds, nanoseconds = next((struct.unpack("qq", value) for level, kind, value in extra if kind == TIMESTAMP_NS), (0, 0))
        length = max(len(data), struct.unpack_from("!H", data, 2)[0])
        yield Packet(seconds * 10**9 + nanoseconds, outgoing, data, length)


def drop_rights():
    """Gives up root's rights. The group allows reading the journal, which has RTPProxy's ports."""
    groups = [group.gr_gid for group in grp.getgrall() if group.gr_name == "systemd-journal"]
    nobody = pwd.getpwnam("nobody")
    os.setgroups(groups)
    os.setresgid(nobody.pw_gid, nobody.pw_gid, nobody.pw_gid)
    os.setresuid(nobody.pw_uid, nobody.pw_uid, nobody.pw_uid)


class Written:
    """Writes to standard output, at most `most` bytes."""

    def __init__(self, most):
        self.most, self.bytes, self.packets = most, 0, 0

    def is_full(self):
        return self.bytes >= self.most

    def packet(self, packet):
        """https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html, 4.3, with time in ns."""
        data = packet.data + bytes(-len(packet.data) % 4)
        length = 32 + len(data)
        head = struct.pack("<6I", 6, length, 0, packet.time >> 32, packet.time & 0xFFFFFFFF, len(packet.data))
        sys.stdout.buffer.write(b"".join((head, struct.pack("<I", packet.length), data, struct.pack("<I", length))))
        self.bytes += length
        self.packets += 1


def tell(**pairs):
    print(json.dumps(pairs), file=sys.stderr, flush=True)


try:
    main(json.loads(os.environ["TRACE"]))
except BrokenPipeError:
    # the reader has closed the pipe
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
