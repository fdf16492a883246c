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
from sip_messages import Packet, Reader

ALL_PROTOCOLS = 0x0003
# <linux/if_packet.h>, <asm/socket.h>
SOL_PACKET, PACKET_STATISTICS, TIMESTAMP_NS, RECEIVE_BUFFER = 263, 6, 35, 33
# Seconds. LAST: for a call's last packets after its end. UNDECIDED: packets are kept this long until it is known whether the call is chosen.
LAST, UNDECIDED = 2, 40
# Limits: packets of an undecided call, and undecided calls.
MOST_PACKETS, MOST_CALLS = 64, 2000


class Call:
    def __init__(self, id_, up):
        self.id, self.up = id_, up
        self.ports, self.legs, self.packets, self.over = set(), set(), 0, None


class Trace:
    def __init__(self, choice, recorders, write):
        self.choice, self.write = choice, write
        self.wanted = [each for each in recorders if each[0] in choice["recorders"]]
        self.recorder_addresses = set().union(*(each[1] for each in recorders))
        self.reader = Reader()
        # by Call-ID: chosen calls; undecided calls with their packets
        self.calls, self.undecided = {}, {}
        # even port: Call
        self.ports, self.ports_changed = {}, True

    def choose(self, id_, up=False):
        call = self.calls[id_] = Call(id_, up)
        if up:
            self.learn(call)
        tell(event="call", call_id=id_, up=up)
        return call

    def learn(self, call):
        """Learns the ports that were in no message."""
        ports = host_calls.media_ports(call.id)
        if ports is None:
            tell(event="note", call_id=call.id, note="its RTP is missing: the media relay does not tell the ports")
        else:
            self.give(call, ports)

    def choose_up(self, calls):
        for call in calls:
            platform = (call["source"] or "").split(":")[1:2]
            if not self.is_full() and self.is_chosen(call["call_id"], platform, call["recorder"] and [call["recorder"]]):
                self.choose(call["call_id"], up=True)

    def is_chosen(self, id_, platforms, recorders):
        choice = self.choice
        if choice["ids"]:
            return id_ in choice["ids"]
        asked = [(choice["platforms"], platforms), (choice["recorders"], recorders)]
        return any(wanted for wanted, _ in asked) and all(not wanted or set(wanted) & set(found or ()) for wanted, found in asked)

    def is_full(self):
        return len(self.calls) >= self.choice["calls"]

    def take(self, packet):
        try:
            messages = self.reader.read(packet)
            if messages is None:
                self.rtp(packet)
            for message, packets in messages or ():
                self.message(message, packets)
        except (struct.error, IndexError):
            # the packet is truncated
            pass

    def rtp(self, packet):
        for port in struct.unpack_from("!HH", packet.data, (packet.data[0] & 15) * 4):
            call = self.ports.get(port & ~1)
            if call:
                self.keep(call, [packet])
                return

    def message(self, message, packets):
        id_ = message.call_id
        call = self.calls.get(id_) or self.decide(id_, message, packets)
        if message.outgoing:
            self.take_ports(call, message.media_ports())
        if not call:
            return
        self.keep(call, packets)
        call.legs.add(self.leg(message))
        status = message.status or 0
        if status >= 300 and message.method == "INVITE" and self.leg(message) == "platform" or status >= 200 and message.method == "BYE":
            call.over = call.over or time.monotonic()
        elif status >= 200 and message.method == "INVITE" and call.legs == {"recorder"}:
            # the other leg is encrypted, so its ports cannot be read
            self.learn(call)

    def take_ports(self, call, ports):
        """A message that the host sends contains the host's ports. Ports that another call used before now belong to this call."""
        for port in {port & ~1 for port in ports} & self.ports.keys():
            if self.ports[port] is not call:
                del self.ports[port]
                self.ports_changed = True
        if call:
            self.give(call, ports)

    def give(self, call, ports):
        new = {port & ~1 for port in ports} - call.ports
        call.ports |= new
        self.ports.update(dict.fromkeys(new, call))
        self.ports_changed = self.ports_changed or bool(new)

    def leg(self, message):
        return "recorder" if (message.destination if message.outgoing else message.source) in self.recorder_addresses else "platform"

    def decide(self, id_, message, packets):
        """The call, if this message shows that it is chosen."""
        if self.is_full():
            return None
        if id_ in self.choice["ids"]:
            return self.choose(id_)
        if self.choice["ids"] or id_ not in self.undecided and not message.begins_call():
            return None
        if id_ not in self.undecided and len(self.undecided) < MOST_CALLS:
            self.undecided[id_] = (time.monotonic(), [], set(), set(), set())
        _, kept, legs, platforms, recorders = self.undecided.get(id_, (0, [], set(), set(), set()))
        legs.add(self.leg(message))
        if message.begins_call() and self.leg(message) == "platform":
            platforms.add(message.source)
        elif message.begins_call():
            platforms.add(message.sender_before())
            recorders.update(uri for uri, addresses, port, _ in self.wanted if message.destination in addresses and message.port == port)
        bare = not self.choice["platforms"] and not self.choice["recorders"]
        if not bare and not self.is_chosen(id_, platforms, recorders):
            kept += packets[: MOST_PACKETS - len(kept)]
            return None
        self.undecided.pop(id_, None)
        call = self.choose(id_)
        call.legs |= legs
        self.keep(call, kept)
        return call

    def keep(self, call, packets):
        call.packets += len(packets)
        for packet in packets:
            self.write(packet)

    def forget(self):
        """Removes ended calls; True if no more packets are expected."""
        now = time.monotonic()
        self.undecided = {id_: it for id_, it in self.undecided.items() if now - it[0] < UNDECIDED}
        over = {call for call in self.calls.values() if call.over and now - call.over > LAST}
        for port, call in [*self.ports.items()]:
            if call in over:
                del self.ports[port]
                self.ports_changed = True
        ids = self.choice["ids"]
        complete = len(self.calls) == len(ids) if ids else self.is_full()
        return complete and len(over) == len(self.calls)


def main(choice):
    recorders = host_calls.recorders()
    ports = host_calls.sip_ports(recorders)
    written = Written(choice["bytes"])
    trace = Trace(choice, recorders, written.packet)
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
