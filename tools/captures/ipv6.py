"""ipv6.pcap: IPv6, its extension headers and ICMPv6."""

from frames import *
from ipv4 import echo

HOP, ROUTING, FRAGMENT, ESP, AH, NONE, DEST = 0, 43, 44, 50, 51, 59, 60
ALL_NODES, ALL_ROUTERS, MLD2 = "ff02::1", "ff02::2", "ff02::16"


def opts(*options):
    """An options header after its first byte, padded by Pad1 or PadN to eight."""
    data = b"".join(u8(type, len(value)) + value for type, value in options)
    missing = -(len(data) + 2) % 8
    if missing:
        data += b"\0" if missing == 1 else u8(1, missing - 2) + bytes(missing - 2)
    return u8((len(data) + 2) // 8 - 1) + data


def routing(type, left, *addresses, reserved=bytes(4)):
    return u8(2 * len(addresses), type, left) + reserved + b"".join(map(addr, addresses))


def fragment(offset, more, id):
    return u8(0) + u16(offset | more) + u32(id)


ALERT = (HOP, opts((5, u16(0))))


def jumbo(size=65_600):
    """A jumbogram (RFC 2675): both lengths are zero, the option has the one that counts."""
    data = filler(size)
    return eth6(17, u16(40000, 40001, 0, 0x1234) + data, ext=[(HOP, opts((0xC2, u32(size + 16))))], length=0)


def extensions():
    data = udp(40000, 40001, b"after the extension headers")
    long, away = udp(40000, 40001, filler(500)), udp(40000, 40001, b"away from home", src=C6)
    ah = u8(4) + u16(0) + u32(0x1000, 7) + bytes(range(12))
    srh = u8(4, 4, 1, 1, 0) + u16(0x0BAD) + addr(D6) + addr(C6)
    srh_tlv = u8(3, 4, 0, 0, 0) + u16(0) + addr(B6) + u8(4, 6) + bytes(6)
    home = udp(40000, 40001, b"home", dst=D6)
    return [
        eth6(17, data, ext=[ALERT]),
        eth6(17, data, ext=[(HOP, opts((0xC2, u32(len(data) + 8))))]),  # a jumbo option with a length beside it
        eth6(17, data, ext=[(HOP, opts())]),
        eth6(17, data, ext=[(HOP, opts((0x1E, b"experiment"), (0x05, u16(1))))]),
        eth6(17, data, ext=[(HOP, u8(0) + bytes(6))]),  # Pad1 only
        eth6(17, data, ext=[(DEST, opts((0x04, b"\x05")))]),
        eth6(17, away, ext=[(DEST, opts((0xC9, addr(C6))))]),  # home address: the checksum has it as the source
        eth6(17, data, ext=[(DEST, opts((0x8A, b"unknown")))]),
        eth6(17, udp(40000, 40001, b"type 0", dst=D6), dst=C6, ext=[(ROUTING, routing(0, 2, B6, D6))]),
        eth6(17, data, ext=[(ROUTING, routing(0, 0, C6, D6))]),
        eth6(17, home, dst=C6, ext=[(ROUTING, routing(2, 1, D6))]),
        eth6(17, udp(40000, 40001, b"segments", dst=D6), dst=C6, ext=[(ROUTING, srh)]),
        eth6(17, data, ext=[(ROUTING, srh_tlv)]),
        eth6(17, data, ext=[(ROUTING, u8(0, 99, 0) + bytes(4))]),
        *(
            eth6(17, long[at : at + 200], ext=[(FRAGMENT, fragment(at, at + 200 < len(long), 0xF00D))])
            for at in range(0, len(long), 200)
        ),
        eth6(17, data, ext=[(FRAGMENT, fragment(0, 0, 0xA70))]),  # atomic
        eth6(17, filler(64), ext=[(FRAGMENT, fragment(64, 1, 0xBAD))]),  # never complete
        eth6(17, data, ext=[(AH, ah)]),
        eth6(ESP, u32(0x2000, 9) + filler(32)),
        eth6(NONE, b""),
        eth6(NONE, b"and yet"),
        eth6(17, data, ext=[ALERT, (DEST, opts((4, b"\1"))), (ROUTING, routing(0, 0, C6)), (FRAGMENT, fragment(0, 0, 3)), (AH, ah), (DEST, opts((0x1E, b"x")))]),
        eth6(253, b"experimental"),
    ]


def plain():
    seg = u16(40000, 7777) + u32(1000, 2000) + u16(0x5018, 65535, 0, 0) + b"over IPv6\n"
    syn = u16(40000, 7777) + u32(999, 0) + u16(0xA002, 65535, 0, 0) + bytes.fromhex("020405a00402080a000000010000000001030307")
    answer = u16(7777, 40000) + u32(1999, 1000) + u16(0x6012, 65535, 0, 0) + u8(2, 4) + u16(1440)
    inner6 = ip6(17, udp(40000, 40001, b"inside"))
    return [
        udp6(40000, 40001, b"over IPv6"),
        udp6(40000, 40001, b"class and flow", traffic=0xB9, flow=0xABCDE),
        udp6(40000, 40001, b"odd", dst="ff0e::db8:1", hops=1),
        udp6(40000, 40001, b"", hops=0),
        eth6(6, sum6(6, syn, 16, A6, B6)),
        eth6(6, sum6(6, answer, 16, B6, A6), B6, A6),
        eth6(6, sum6(6, seg, 16, A6, B6)),
        eth4(inner6, C, D, proto=41),
        eth6(41, inner6, C6, D6),
        eth6(4, echo()[14:], C6, D6),
    ]


def messages():
    packet = ip6(17, udp(40000, 33434, b"the original", B6, C6), B6, C6, hops=1)
    back = dict(src=B6, dst=A6, hops=64)
    return [
        icmp6(128, 0, u16(0x1234, 1) + filler(16), hops=64),
        icmp6(129, 0, u16(0x1234, 1) + filler(16), **back),
        icmp6(128, 0, u16(0x1234, 2), hops=64),
        *(icmp6(1, code, u32(0) + packet, **back) for code in range(9)),
        icmp6(1, 4, u32(0) + packet[:40], **back),
        icmp6(2, 0, u32(1280) + packet, **back),
        *(icmp6(3, code, u32(0) + packet, **back) for code in (0, 1)),
        *(icmp6(4, code, u32(40) + packet, **back) for code in range(4)),
        icmp6(200, 3, b"private experimentation", **back),
        icmp6(99, 0, u32(1) + b"no such error", **back),
        eth6(58, u8(128, 0) + u16(0xDEAD, 1, 1) + filler(8)),
    ]


def opt(type, data):
    return u8(type, (len(data) + 2) // 8) + data


SOURCE, TARGET = opt(1, mac(MAC1)), opt(2, mac(MAC2))
PREFIX = opt(3, u8(64, 0xC0) + u32(2592000, 604800, 0) + addr("2001:db8::"))


def neighbours():
    solicited = "ff02::1:ff00:2"
    mtu = opt(5, u16(0) + u32(1500))
    rdnss = opt(25, u16(0) + u32(1200) + addr("2001:db8::53") + addr("2001:db8::54"))
    names = b"\x07example\x03com\x00\x04home\x07example\x00"
    dnssl = opt(31, u16(0) + u32(1200) + names + bytes(-len(names) % 8))
    routes = opt(24, u8(48, 0x08) + u32(1800) + addr("2001:db8:1::")[:8])
    routes += opt(24, u8(0, 0x18) + u32(600)) + opt(24, u8(128, 0) + u32(0xFFFFFFFF) + addr("2001:db8:2::1"))
    nonce = opt(14, b"nonce!")
    packet = ip6(17, udp(40000, 40001, b"the redirected 1", A6, C6), A6, C6)
    redirected = bytes(6) + packet + bytes(-(len(packet) + 8) % 8)
    ra = u8(64, 0xC8) + u16(1800) + u32(30000, 1000)
    return [
        icmp6(133, 0, u32(0) + SOURCE, dst=ALL_ROUTERS),
        icmp6(133, 0, u32(0), src="::", dst=ALL_ROUTERS),
        icmp6(134, 0, ra + SOURCE + mtu + PREFIX + rdnss + dnssl + routes, dst=ALL_NODES),
        icmp6(134, 0, u8(0, 0x18) + u16(0) + u32(0, 0), dst=ALL_NODES),
        icmp6(134, 0, ra + opt(253, b"unknown option") + opt(7, u16(0) + u32(10000)), dst=ALL_NODES),
        icmp6(135, 0, u32(0) + addr(B6) + SOURCE, dst=solicited),
        icmp6(135, 0, u32(0) + addr(B6) + nonce, src="::", dst=solicited),  # duplicate address detection
        icmp6(135, 0, u32(0) + addr(B6)),
        icmp6(136, 0, u32(0x60000000) + addr(B6) + TARGET, src=B6, dst=A6),
        icmp6(136, 0, u32(0xA0000000) + addr(B6) + TARGET, src=B6, dst=ALL_NODES),
        icmp6(137, 0, u32(0) + addr(D6) + addr(C6) + TARGET + opt(4, redirected)),
        icmp6(137, 0, u32(0) + addr(C6) + addr(C6)),
        icmp6(135, 0, u32(0) + addr(B6) + SOURCE, dst=solicited, hops=64),  # a wrong hop limit
    ]


def record(type, group, sources=(), aux=b""):
    return u8(type, len(aux) // 4) + u16(len(sources)) + addr(group) + b"".join(map(addr, sources)) + aux


def listeners():
    g1, g2 = "ff0e::db8:1", "ff3e::8000:1"

    def mld(type, body, dst, **fields):
        return icmp6(type, 0, body, dst=dst, hops=1, ext=[ALERT], **fields)

    def query(group, dst, delay=10000, flags=2, interval=125, sources=()):
        tail = u8(flags, interval) + u16(len(sources)) + b"".join(map(addr, sources))
        return mld(130, u16(delay, 0) + addr(group) + tail, dst)

    def report(*records):
        return mld(143, u16(0, len(records)) + b"".join(records), MLD2)

    return [
        mld(130, u16(10000, 0) + addr("::"), ALL_NODES),  # version 1
        mld(130, u16(1000, 0) + addr(g1), g1),
        mld(131, u16(0, 0) + addr(g1), g1),
        mld(132, u16(0, 0) + addr(g1), ALL_ROUTERS),
        query("::", ALL_NODES),
        query(g1, g1, flags=0x0A),
        query(g2, g2, delay=0x9FFF, interval=0xAB, sources=(A6, C6)),
        report(record(4, g1)),
        report(record(1, g2, (A6, C6)), record(2, g1), record(3, g2, (D6,)), record(5, g2, (D6,)), record(6, g2, (A6,))),
        report(record(4, g1, (), b"auxiliar"), record(9, g2)),
        report(),
    ]


def ipv6():
    return extensions() + plain() + messages() + neighbours() + listeners()
