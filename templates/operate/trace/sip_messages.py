"""Reads SIP messages from IP packets: UDP datagrams, fragments and TCP segments. Imported, never run."""

import re
import struct
from collections import OrderedDict
from typing import NamedTuple

UDP, TCP = 17, 6
# Limits: bytes of a message; streams and datagrams that are reassembled at the same time.
LONGEST, MOST = 131072, 4096


class Packet(NamedTuple):
    """An IP packet; `time` in ns since 1970."""

    time: int
    outgoing: bool
    data: bytes
    length: int


class Message(NamedTuple):
    source: str
    destination: str
    outgoing: bool
    # port of the destination
    port: int
    text: str

    def header(self, name, short=None):
        """The first header with that name; '' if there is none."""
        found = re.search(rf"(?im)^(?:{name}{'|' + short if short else ''})[ \t]*:[ \t]*(.*)$", self.text.partition("\n\n")[0])
        return found[1].strip() if found else ""

    @property
    def call_id(self):
        return self.header("call-id", "i")

    @property
    def method(self):
        """The method of a request, or of the request that a reply answers."""
        return (self.header("cseq").split() + ["", ""])[1]

    @property
    def status(self):
        """The status of a reply; None for a request."""
        return int(self.text[8:11]) if self.text.startswith("SIP/2.0 ") else None

    def begins_call(self):
        return self.status is None and self.method == "INVITE" and not re.search(r";\s*tag\s*=", self.header("to", "t"))

    def sender_before(self):
        """The source of a forwarded request, from its second Via."""
        vias = re.findall(r"(?im)^(?:via|v)[ \t]*:[ \t]*(.*)$", self.text.partition("\n\n")[0])
        hops = [hop.strip() for line in vias for hop in line.split(",")]
        found = re.search(r"received=([0-9.]+)", hops[1]) or re.match(r"\S+\s+([0-9.]+)", hops[1]) if len(hops) > 1 else None
        return found[1] if found else None

    def media_ports(self):
        return {int(port) for port in re.findall(r"(?m)^m=\S+ (\d{1,5})[ /]", self.text)} - {0}


class Reader:
    """Reassembles messages, each with its packets."""

    def __init__(self):
        self.streams, self.datagrams = OrderedDict(), OrderedDict()

    def read(self, packet):
        """[(Message, [Packet])]; None if the packet is not SIP, but RTP."""
        data = packet.data
        start = (data[0] & 15) * 4
        fragment = struct.unpack_from("!H", data, 6)[0] & 0x3FFF
        source, destination = (".".join(map(str, data[at : at + 4])) for at in (12, 16))
        ends = source, destination, packet.outgoing
        total = struct.unpack_from("!H", data, 2)[0]
        if start < total < len(data):  # padding of the link layer
            packet = packet._replace(data=data[:total])
        content = packet.data[start:]
        if data[9] == TCP:
            return [(message_of(ends, content, text), packets) for text, packets in self.segment(ends, content, packet)]
        packets = [packet]
        if fragment:
            whole = self.fragment((*ends, data[4:6]), fragment, content, packet)
            if whole is None:
                return []
            content, packets = whole
        if not is_sip(content[8:]):
            return [] if fragment else None
        return [(message_of(ends, content, content[8:]), packets)]

    def fragment(self, key, fragment, content, packet):
        """The payload of a datagram, when all its fragments have arrived."""
        parts = self.datagrams.setdefault(key, {})
        forget_oldest(self.datagrams)
        parts[(fragment & 0x1FFF) * 8] = (content, fragment & 0x2000, packet)
        at, whole = 0, b""
        while at in parts:
            whole += parts[at][0]
            if not parts[at][1]:
                del self.datagrams[key]
                return whole, [packet for _, _, packet in parts.values()]
            at = len(whole)
        return None

    def segment(self, ends, content, packet):
        """The messages that this segment completes."""
        if len(content) < 20:
            return
        ports = content[:4]
        number, = struct.unpack_from("!I", content, 4)
        payload = content[(content[12] >> 4) * 4 :]
        key = (*ends, ports)
        if content[13] & 7:  # FIN, SYN, RST
            self.streams.pop(key, None)
        if not payload:
            return
        stream = self.streams.setdefault(key, Stream(number))
        self.streams.move_to_end(key)
        forget_oldest(self.streams)
        yield from stream.add(number, payload, packet)


class Stream:
    """One direction of a TCP connection, from the beginning of a message on."""

    def __init__(self, number):
        self.next = number
        self.forget()

    def forget(self):
        # `parts`: (offset in the text, length of the payload, packet)
        self.text, self.parts = b"", []

    def add(self, number, payload, packet):
        """(message, its packets), without other data in these packets."""
        missing = (number - self.next) & 0xFFFFFFFF
        # a repeated segment, possibly with new data
        known = (1 << 32) - missing if missing >= 1 << 31 else 0
        if known >= len(payload):
            return
        if missing and not known or len(self.text) > LONGEST:
            self.forget()
        self.next = (number + len(payload)) & 0xFFFFFFFF
        self.parts.append((len(self.text) - known, len(payload), packet))
        self.text += payload[known:]
        while self.text:
            # keep-alive of a connection (RFC 5626)
            self.drop(len(self.text) - len(self.text.lstrip(b"\r\n")))
            if b"\n" in self.text[:4096] and not is_sip(self.text):
                self.forget()
                return
            end = end_of(self.text)
            if end is None or end > len(self.text):
                return
            yield self.text[:end], [cut(packet, length, max(0, -at), end - at) for at, length, packet in self.parts if at < end]
            self.drop(end)

    def drop(self, size):
        self.text = self.text[size:]
        self.parts = [(at - size, length, packet) for at, length, packet in self.parts if at + length > size]


def cut(packet, length, start, end):
    """The packet with only a part of its payload. `length`: bytes of the whole payload."""
    if start == 0 and end >= length:
        return packet
    headers = len(packet.data) - length
    data = bytearray(packet.data[:headers] + packet.data[headers:][start:end])
    struct.pack_into("!H", data, 2, len(data))
    number = (data[0] & 15) * 4 + 4
    struct.pack_into("!I", data, number, (struct.unpack_from("!I", data, number)[0] + start) & 0xFFFFFFFF)
    return packet._replace(data=bytes(data), length=len(data))


def end_of(text):
    """The length of the first message; None while its headers are incomplete."""
    headers = text.find(b"\r\n\r\n")
    if headers < 0:
        return None
    length = re.search(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d{1,6})", text[:headers])
    return headers + 4 + (int(length[1]) if length else 0)


def is_sip(text):
    return bool(re.match(rb"SIP/2\.0 [1-6]\d\d |[A-Z]{3,16} sips?:[^\r\n]* SIP/2\.0\r?\n", text[:4096]))


def message_of(ends, content, text):
    """`content`: the payload of the IP packet; UDP and TCP both begin with the ports."""
    lines = text.decode(errors="replace").replace("\r\n", "\n")
    headers, gap, body = lines.partition("\n\n")
    # joins folded headers to one line each
    headers = re.sub(r"\n[ \t]+", " ", headers)
    return Message(*ends, struct.unpack_from("!H", content, 2)[0], headers + gap + body)


def forget_oldest(table):
    if len(table) > MOST:
        table.popitem(last=False)
