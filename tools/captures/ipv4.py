"""ipv4.pcap: IPv4, ICMP, IGMP and tunnels."""

from scapy.layers.inet import UDP
from scapy.packet import Raw

from frames import *


def icmp(type, code, rest=b"\0\0\0\0", data=b""):
    return summed(u8(type, code, 0, 0) + rest + data, 2)


def icmp4(type, code, rest=b"\0\0\0\0", data=b"", **fields):
    return eth4(icmp(type, code, rest, data), proto=1, **fields)


def echo(data=filler(16), sequence=1, **fields):
    return icmp4(8, 0, u16(0x1234, sequence), data, **fields)


def option(type, *data):
    value = b"".join(data)
    return u8(type, 2 + len(value)) + value


def options():
    hops = addr(A) + addr(C) + addr(D)
    kinds = [
        b"\x01\x01\x01\x00",  # NOP, NOP, NOP, end
        b"\x01\x01\x01\x01",
        option(7, u8(4), bytes(12)),  # record route, empty
        option(7, u8(12), addr(A) + addr(C) + bytes(4)),
        option(7, u8(16), hops),
        option(131, u8(4), hops),
        option(131, u8(16), hops),
        option(137, u8(8), hops),
        option(68, u8(5, 0x00), bytes(16)),  # timestamps only
        option(68, u8(13, 0x10), u32(43200000, 43200010) + bytes(8)),
        option(68, u8(13, 0x21), addr(A) + u32(43200000) + addr(C) + u32(0)),
        option(68, u8(13, 0x03), addr(A) + u32(43200000) + addr(B) + u32(0)),
        option(148, u16(0)),
        option(148, u16(5)),
        option(136, u16(0x0BAD)),
        option(130, u16(0xF135, 0, 0), b"\0\0\0"),  # RFC 791
        option(130, u8(0xAB, 0x80)),  # RFC 1108
        option(133, u8(1, 2, 3)),
        option(82, u16(1, 2, 0xFFFF), addr(A)),  # traceroute
        option(222, b"unknown"),
        b"\x01" + option(148, u16(0)) + option(7, u8(4), bytes(4)) + b"\x01\x01\x00",
    ]
    return [eth4(icmp(8, 0, u16(1, at), filler(8)), proto=1, options=[kind]) for at, kind in enumerate(kinds)]


def fragments(payload, proto, size, id):
    pieces = [(at, payload[at : at + size]) for at in range(0, len(payload), size)]
    return [
        eth4(piece, proto=proto, id=id, frag=at // 8, flags="MF" if at + size < len(payload) else 0)
        for at, piece in pieces
    ]


def headers():
    datagram = bytes(IP(src=A, dst=B) / UDP(sport=40000, dport=40001) / Raw(filler(400)))[20:]
    ping = icmp(8, 0, u16(7, 7), filler(200))
    third = fragments(datagram, 17, 160, 0x4001)
    short = echo()
    return [
        *fragments(datagram, 17, 160, 0x4000),
        third[2],  # in another order
        third[0],
        third[1],
        *fragments(ping, 1, 128, 0x4002),
        fragments(datagram, 17, 160, 0x4003)[1],  # never complete
        *(udp4(40000, 40001, b"dscp", tos=tos) for tos in (0x28, 0x48, 0x88, 0xB8, 0xC0, 0xE0, 0x01, 0x02, 0xBB, 0x04)),
        *(udp4(40000, 40001, b"ttl", ttl=ttl) for ttl in (0, 1, 2, 64, 128, 255)),
        udp4(40000, 40001, b"to a group, low ttl", dst="224.0.0.9", ttl=2),
        udp4(40000, 40001, b"to a group", dst="239.192.0.1", ttl=16),
        *(udp4(40000, 40001, b"flags", flags=flags, id=0xBEEF) for flags in ("DF", "evil", 0)),
        echo(chksum=0xDEAD),
        echo(chksum=0),
        eth4(u8(8, 0) + u16(0xDEAD, 1, 1) + filler(16), proto=1),  # ICMP's own
        udp4(40000, 40001, b"shorter than what was captured" + bytes(4), len=20 + 8 + 10, udp={"len": 18, "chksum": 0}),
        short + b"after the end",
        eth4(filler(20), proto=253),
        eth4(b"", proto=255),
        eth4(b"", proto=17, flags="MF"),
    ]


def icmps():
    packet = bytes(IP(src=B, dst=C, ttl=1) / UDP(sport=40000, dport=33434) / Raw(filler(8)))
    back = dict(src=B, dst=A)
    original = packet[:28]
    whole = packet + bytes(128 - len(packet))
    labels = summed(u8(0x20, 0, 0, 0) + u16(8) + u8(1, 1) + u32(16000 << 12 | 1 << 8 | 1), 2)
    interface = summed(u8(0x20, 0, 0, 0) + u16(8) + u8(3, 1) + b"eth0", 2)
    return [
        echo(),
        icmp4(0, 0, u16(0x1234, 1), filler(16), **back),
        echo(b"", 2),
        echo(filler(1), 3),
        icmp4(0, 0, u16(0x1234, 9), filler(16), **back),  # to no request
        *(icmp4(3, code, u16(0, 1400 if code == 4 else 0), original, **back) for code in range(16)),
        icmp4(3, 16, data=original, **back),
        icmp4(3, 3, data=packet, **back),
        icmp4(3, 3, data=packet[:20], **back),
        icmp4(4, 0, data=original, **back),
        *(icmp4(5, code, addr("192.0.2.254"), original, **back) for code in range(4)),
        *(icmp4(11, code, data=original, **back) for code in (0, 1)),
        icmp4(11, 0, u8(0, 32, 0, 0), whole + labels, **back),  # RFC 4884, MPLS
        *(icmp4(12, code, u8(20 if code == 0 else 0, 0, 0, 0), original, **back) for code in range(3)),
        icmp4(13, 0, u16(1, 1), u32(43200000, 0, 0)),
        icmp4(14, 0, u16(1, 1), u32(43200000, 43200005, 43200006), **back),
        icmp4(15, 0, u16(1, 1)),
        icmp4(16, 0, u16(1, 1), **back),
        icmp4(17, 0, u16(1, 1), bytes(4)),
        icmp4(18, 0, u16(1, 1), addr("255.255.255.0"), **back),
        icmp4(9, 0, u8(2, 2) + u16(1800), addr(A) + u32(0) + addr(B) + u32(0x80000000), dst="224.0.0.1", ttl=1),
        icmp4(9, 16, u8(1, 2) + u16(1800), addr(A) + u32(10), dst="224.0.0.1", ttl=1),
        icmp4(10, 0, dst="224.0.0.2", ttl=1),
        icmp4(30, 0, u16(1, 2), u16(3, 4) + u32(5, 1500)),
        icmp4(42, 0, u16(1) + u8(1, 1), interface),
        icmp4(99, 5, u32(0x01020304), b"no such type"),
    ]


def igmp(type, code, rest, dst, alert=True):
    data = summed(u8(type, code, 0, 0) + rest, 2)
    fields = {"options": [option(148, u16(0))]} if alert else {}
    return padded(eth4(data, dst=dst, proto=2, ttl=1, tos=0xC0 if alert else 0, **fields))


def record(type, group, sources=(), aux=b""):
    return u8(type, len(aux) // 4) + u16(len(sources)) + addr(group) + b"".join(map(addr, sources)) + aux


def igmps():
    g1, g2, g3 = "233.252.0.1", "233.252.0.2", "232.1.2.3"

    def query(group, code=100, flags=2, interval=125, sources=()):
        rest = addr(group) + u8(flags, interval) + u16(len(sources)) + b"".join(map(addr, sources))
        return igmp(0x11, code, rest, "224.0.0.1" if group == "0.0.0.0" else group)

    def report(*records):
        return igmp(0x22, 0, u16(0, len(records)) + b"".join(records), "224.0.0.22")

    return [
        igmp(0x11, 0, addr("0.0.0.0"), "224.0.0.1", alert=False),  # version 1
        igmp(0x12, 0, addr(g1), g1, alert=False),
        igmp(0x11, 100, addr("0.0.0.0"), "224.0.0.1"),  # version 2
        igmp(0x11, 10, addr(g1), g1),
        igmp(0x16, 0, addr(g1), g1),
        igmp(0x17, 0, addr(g1), "224.0.0.2"),
        query("0.0.0.0"),
        query(g1, flags=0x0A),
        query(g3, code=0x9F, interval=0xAB, sources=(A, C, D)),
        report(record(2, g1)),
        report(record(1, g3, (A, C)), record(2, g1), record(3, g2, (D,)), record(4, g2)),
        report(record(5, g3, (A, B, C, D)), record(6, g3, (C,))),
        report(record(4, g1, (), b"auxiliar"), record(9, g2)),
        report(),
        igmp(0x99, 1, addr(g1), g1),
    ]


def gre(proto, payload, sum=False, key=None, sequence=None):
    flags = 0x8000 * sum | 0x2000 * (key is not None) | 0x1000 * (sequence is not None)
    rest = (u32(0) if sum else b"") + (b"" if key is None else u32(key)) + (b"" if sequence is None else u32(sequence))
    data = u16(flags, proto) + rest + payload
    return eth4(summed(data, 4) if sum else data, C, D, proto=47)


def vxlan(inner, flags=0x08, network=5001):
    data = u8(flags, 0, 0, 0) + u32(network << 8) + inner
    return udp4(49152, 4789, data, C, D, udp={"chksum": 0})


def tunnels():
    inner = echo()
    packet, packet6 = inner[14:], ip6(17, udp(40000, 40001, b"inside"))
    return [
        gre(IPV4, packet),
        gre(IPV6, packet6),
        gre(0x6558, inner),
        gre(IPV4, packet, key=0xCAFE),
        gre(IPV4, packet, sum=True),
        gre(IPV4, packet, sequence=77),
        gre(IPV6, packet6, sum=True, key=1, sequence=2),
        gre(0x6558, udp6(40000, 40001, b"inside"), key=0x00138800),
        gre(0x0000, b""),  # a keepalive's inside
        gre(0x88B5, b"experimental"),
        eth4(packet, C, D, proto=4),
        eth4(ip4(packet, C, D, proto=4), A, B, proto=4),
        eth4(packet6, C, D, proto=41),
        vxlan(inner),
        vxlan(udp6(40000, 40001, b"inside")),
        vxlan(tags(inner, (VLAN, 0, 0, 10)), network=0xFFFFFF),
        vxlan(inner, flags=0),
    ]


def ipv4():
    return options() + headers() + icmps() + igmps() + tunnels()
