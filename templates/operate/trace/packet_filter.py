"""A kernel filter (BPF) for a packet socket: whole packets of SIP, and only the headers of RTP. Imported, never run."""

import ctypes
import socket
import struct

# <linux/bpf_common.h>, <linux/filter.h>
HALF, BYTE, HALF_AT_X, X_TO_HEADER = 0x28, 0x30, 0x48, 0xB1
IF_EQUAL, IF_SET, SKIP, AND, ADD, A_FROM_X = 0x15, 0x45, 0x05, 0x54, 0x04, 0x87
RETURN, RETURN_A = 0x06, 0x16
PROTOCOL = 0xFFFFF000
# <asm/socket.h>
ATTACH_FILTER = 26

WHOLE = 0x40000
# After the IP header: UDP's and RTP's (RFC 3550, 5.1).
HEADERS = 8 + 12
SOURCE, DESTINATION = 0, 2

NOTHING = [(RETURN, 0, 0, 0)]


def program(udp, tcp, rtp, payload):
    """`udp`, `tcp`: ports of SIP; `rtp`: even ports (RTCP uses the next one); `payload`: keep the payload of RTP."""
    of_udp = [*matches(udp, [(RETURN, 0, 0, WHOLE)]), (RETURN, 0, 0, 0)]
    cut = [(RETURN, 0, 0, WHOLE)] if payload else [(A_FROM_X, 0, 0, 0), (ADD, 0, 0, HEADERS), (RETURN_A, 0, 0, 0)]
    of_udp[-1:-1] = matches(rtp, cut, mask=0xFFFE)
    return [
        (HALF, 0, 0, PROTOCOL),
        (IF_EQUAL, 1, 0, 0x0800),
        (RETURN, 0, 0, 0),
        # a later fragment has no ports, so it cannot be assigned to a call
        (HALF, 0, 0, 6),
        (IF_SET, 0, 1, 0x1FFF),
        (RETURN, 0, 0, WHOLE),
        (X_TO_HEADER, 0, 0, 0),
        (BYTE, 0, 0, 9),
        (IF_EQUAL, 1, 0, socket.IPPROTO_UDP),
        (SKIP, 0, 0, len(of_udp)),
        *of_udp,
        (IF_EQUAL, 1, 0, socket.IPPROTO_TCP),
        (RETURN, 0, 0, 0),
        *matches(tcp, [(RETURN, 0, 0, WHOLE)]),
        (RETURN, 0, 0, 0),
    ]


def matches(ports, then, mask=None):
    """Runs `then` if the source or the destination is one of the ports."""
    tests = []
    for side in (SOURCE, DESTINATION) if ports else ():
        tests += [(HALF_AT_X, 0, 0, side), *([(AND, 0, 0, mask)] if mask else [])]
        for port in sorted(ports):
            tests += [(IF_EQUAL, 0, len(then), port), *then]
    return tests


def attach(packets, instructions):
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in instructions))
    packets.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HL", len(instructions), ctypes.addressof(code)))
