"""The captures that are no Ethernet, made of the frames of the others."""

import struct

from frames import *


def split(frame):
    """The type and what it carries; 802.3 has the type 4 in Linux's cooked captures."""
    type = struct.unpack("!H", frame[12:14])[0]
    return (type, frame[14:]) if type >= 0x600 else (4, frame[14 : 14 + type])


def cooked(frames):
    parts = []
    for at, frame in enumerate(frames):
        type, data = split(frame)
        hardware, address = [(1, mac(MAC1)), (1, mac(MAC2)), (772, bytes(6)), (0xFFFE, b"")][at % 4]
        parts.append(u16(at % 5, hardware, len(address)) + address.ljust(8, b"\0") + u16(type) + data)
    return parts


def cooked2(frames):
    parts = []
    for at, frame in enumerate(frames):
        type, data = split(frame)
        hardware, address = [(1, mac(MAC1)), (1, mac(MAC2)), (772, bytes(6)), (0xFFFE, b"")][at % 4]
        head = u16(type, 0) + u32(at + 1) + u16(hardware) + u8(at % 5, len(address))
        parts.append(head + address.ljust(8, b"\0") + data)
    return parts


def packets(frames):
    return [data for type, data in map(split, frames) if type in (IPV4, IPV6)]


def families(frames, order):
    """BSD's loopback: the family of IPv6 is another number in every system."""
    six, parts = 0, []
    for data in packets(frames):
        if data[0] >> 4 == 4:
            family = 2
        else:
            family, six = (24, 28, 30)[six % 3], six + 1
        parts.append(struct.pack(order + "I", family) + data)
    return parts
