"""What every capture is made of: addresses, headers, checksums and the file format."""

import struct
from ipaddress import ip_address

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

# Documentation addresses only (RFC 5737, RFC 3849, RFC 7042).
MAC1, MAC2, MAC3 = (f"00:00:5e:00:53:{last:02x}" for last in (1, 2, 3))
A, B, C, D = "192.0.2.1", "192.0.2.2", "198.51.100.7", "198.51.100.8"
A6, B6, C6, D6 = "2001:db8::1", "2001:db8::2", "2001:db8:0:1::7", "2001:db8:0:1::8"
BROADCAST = "ff:ff:ff:ff:ff:ff"

ETHERNET, NULL, RAW, LOOP, COOKED, COOKED2 = 1, 0, 101, 108, 113, 276

IPV4, IPV6, VLAN, QINQ = 0x0800, 0x86DD, 0x8100, 0x88A8


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def addr(text):
    return ip_address(text).packed


def u8(*values):
    return bytes(values)


def u16(*values):
    return struct.pack(f"!{len(values)}H", *values)


def u32(*values):
    return struct.pack(f"!{len(values)}I", *values)


def filler(length):
    """Payload that shows where it was cut: the letters in turn."""
    return bytes(97 + at % 26 for at in range(length))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def summed(data, at):
    """The same bytes with the Internet checksum of all of them at an offset."""
    data = data[:at] + b"\0\0" + data[at + 2 :]
    return data[:at] + u16(checksum(data)) + data[at + 2 :]


# Ethernet


def group_mac(dst):
    """The Ethernet address that a group or the broadcast address has, or None."""
    packed = addr(dst)
    if dst == "255.255.255.255":
        return BROADCAST
    if len(packed) == 4 and 224 <= packed[0] < 240:
        return "01:00:5e:" + ":".join(f"{each:02x}" for each in (packed[1] & 0x7F, packed[2], packed[3]))
    if packed[0] == 0xFF:
        return "33:33:" + ":".join(f"{each:02x}" for each in packed[12:])
    return None


def eth(type, payload, src=MAC1, dst=MAC2):
    return bytes(Ether(src=src, dst=dst, type=type) / Raw(bytes(payload)))


def padded(frame, length=60):
    return frame + bytes(max(0, length - len(frame)))


def llc(payload, dsap, ssap, control=b"\x03", length=None, dst=MAC2):
    """802.3: a length where Ethernet II has a type; padded as on the wire."""
    data = u8(dsap, ssap) + control + payload
    return padded(eth(len(data) if length is None else length, data, dst=dst))


def snap(oui, type, payload, dst=MAC2):
    return llc(bytes.fromhex(oui) + u16(type) + payload, 0xAA, 0xAA, dst=dst)


def tags(frame, *ids):
    """VLAN tags put in front of the type: each is (tpid, priority, dei, vlan)."""
    put = b"".join(u16(tpid, priority << 13 | dei << 12 | vlan) for tpid, priority, dei, vlan in ids)
    return frame[:12] + put + frame[12:]


# IPv4


def ip4(payload, src=A, dst=B, **fields):
    """The payload is a Scapy layer, or bytes with `proto`."""
    return bytes(IP(src=src, dst=dst, **fields) / (Raw(payload) if isinstance(payload, bytes) else payload))


def eth4(payload, src=A, dst=B, **fields):
    return eth(IPV4, ip4(payload, src, dst, **fields), dst=group_mac(dst) or MAC2)


def udp4(sport, dport, data, src=A, dst=B, udp=None, **fields):
    return eth4(UDP(sport=sport, dport=dport, **(udp or {})) / Raw(data), src, dst, **fields)


def tcp4(sport, dport, flags, seq, ack, data=b"", src=A, dst=B, ip=None, **fields):
    layer = TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack, **fields)
    return eth4(layer / Raw(data) if data else layer, src, dst, ttl=64, flags="DF", **(ip or {}))


# IPv6


def sum6(next, data, at, src, dst):
    """The upper-layer checksum of RFC 8200, section 8.1, put into the data."""
    data = data[:at] + b"\0\0" + data[at + 2 :]
    total = checksum(addr(src) + addr(dst) + u32(len(data)) + u32(next) + data)
    return data[:at] + u16(total or 0xFFFF) + data[at + 2 :]


def ip6(next, payload, src=A6, dst=B6, ext=(), hops=64, traffic=0, flow=0, length=None):
    """Extension headers are (type, bytes without their first, the next header)."""
    types = [type for type, _ in ext] + [next]
    rest = b"".join(u8(after) + data for (_, data), after in zip(ext, types[1:])) + payload
    first = u32(6 << 28 | traffic << 20 | flow)
    return first + u16(len(rest) if length is None else length) + u8(types[0], hops) + addr(src) + addr(dst) + rest


def eth6(next, payload, src=A6, dst=B6, **fields):
    return eth(IPV6, ip6(next, payload, src, dst, **fields), dst=group_mac(dst) or MAC2)


def udp(sport, dport, data, src=A6, dst=B6):
    """A UDP datagram with the checksum that it has over IPv6."""
    return sum6(17, u16(sport, dport, 8 + len(data), 0) + data, 6, src, dst)


def udp6(sport, dport, data, src=A6, dst=B6, **fields):
    return eth6(17, udp(sport, dport, data, src, dst), src, dst, **fields)


def icmp6(type, code, body, src=A6, dst=B6, final=None, hops=255, **fields):
    data = sum6(58, u8(type, code, 0, 0) + body, 2, src, final or dst)
    return eth6(58, data, src, dst, hops=hops, **fields)


# Files


def pcap(frames, link=ETHERNET):
    """Classic pcap, little endian, microseconds. A frame is bytes, or (bytes, original length)."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for at, frame in enumerate(frames):
        data, original = frame if isinstance(frame, tuple) else (frame, len(frame))
        micros = at * 12_345
        stamp = (1_700_000_000 + micros // 1_000_000, micros % 1_000_000)
        parts += [struct.pack("<IIII", *stamp, len(data), original), data]
    return b"".join(parts)
