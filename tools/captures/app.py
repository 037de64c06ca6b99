"""app.pcap: NTP, BFD and UDP itself."""

from scapy.layers.inet import UDP
from scapy.packet import Raw

from frames import *

START = 1_700_000_000 + 2_208_988_800  # the seconds of NTP at the first frame


def stamp(seconds, fraction=0):
    return u32(START + seconds, fraction)


def ntp(version, mode, leap=0, stratum=2, reference=b"\xc0\x00\x02\x01", tail=b"", **times):
    data = u8(leap << 6 | version << 3 | mode, stratum, 6, times.get("precision", 0xE9))
    data += u32(0x0000_0A3D, 0x0000_1F2E) + reference
    for each in ("reftime", "origin", "receive", "transmit"):
        data += stamp(*times[each]) if each in times else bytes(8)
    return data + tail


def ntps():
    times = dict(reftime=(-64, 0x12345678), origin=(0, 0x40000000), receive=(0, 0x60000000), transmit=(0, 0x60010000))
    sent = dict(transmit=(0, 0x40000000))
    md5, sha1 = u32(1) + bytes(range(16)), u32(2) + bytes(range(20))
    field = u16(0x0104, 36) + filler(32)  # a unique identifier (RFC 8915)

    def ask(data, **fields):
        return udp4(123, 123, data, **fields)

    def reply(data):
        return udp4(123, 123, data, B, A)

    def control(flags, op, sequence, count, data=b"", status=0, association=0, offset=0):
        head = u8(0x16, flags << 5 | op) + u16(sequence, status, association, offset, count)
        return head + data + bytes(-len(data) % 4)

    variables = b'version="ntpd 4.2.8", stratum=2, offset=0.5\r\n'
    peers = b"".join(u16(association, 0x961A) for association in (1, 2, 3))
    return [
        *(frame for version in (3, 4) for frame in (
            ask(ntp(version, 3, stratum=0, reference=bytes(4), **sent)),
            reply(ntp(version, 4, **times)),
            ask(ntp(version, 5, **sent), dst="224.0.1.1"),
            ask(ntp(version, 1, **sent)),
            reply(ntp(version, 2, **times)),
            ask(ntp(version, 3, tail=md5, **sent)),
            reply(ntp(version, 4, tail=md5, **times)),
        )),
        reply(ntp(4, 4, stratum=1, reference=b"GPS\0", **times)),
        reply(ntp(4, 4, stratum=0, leap=3, reference=b"RATE", **times)),  # a kiss of death
        reply(ntp(4, 4, stratum=16, leap=3, reference=b"INIT")),
        reply(ntp(4, 4, leap=1, tail=sha1, **times)),
        reply(ntp(4, 4, leap=2, tail=u32(0), **times)),  # a crypto-NAK
        ask(ntp(4, 3, tail=field, **sent)),
        ask(ntp(4, 3, tail=field + md5, **sent)),
        ask(ntp(1, 0, **sent)),
        udp4(40123, 123, ntp(2, 3, **sent)),
        udp6(123, 123, ntp(4, 3, **sent)),
        ask(control(0, 1, 1, 0)),  # read status
        reply(control(4, 1, 1, len(peers), peers, status=0x0615)),
        ask(control(0, 2, 2, 7, b"version", association=1)),
        reply(control(4, 2, 2, len(variables), variables, status=0x0615)),
        reply(control(5, 2, 3, 20, variables[:20], status=0x0615)),  # more follows
        reply(control(4, 2, 3, 24, variables[20:44], status=0x0615, offset=20)),
        reply(control(6, 2, 4, 0, status=0x0500)),  # an error
        ask(u8(0x17, 0x00, 0x03, 0x2A) + bytes(4) + bytes(40)),  # private: monlist
        reply(u8(0xD7, 0x00, 0x03, 0x2A) + u16(1, 72) + u32(10, 20, 0, 5) + addr(C) + addr(A) + u32(1) + u16(123) + u8(3, 4) + u32(0, 0) + bytes(32)),
        reply(u8(0x97, 0x00, 0x03, 0x2A) + u16(0x4000, 0)),
    ]


def bfd(state=3, diag=0, flags=0, auth=b"", version=1, mine=0x1001, yours=0x2002, mult=3, length=None):
    size = 24 + len(auth) if length is None else length
    data = u8(version << 5 | diag, state << 6 | flags | (4 if auth else 0), mult, size)
    return data + u32(mine, yours, 300_000, 300_000, 50_000) + auth


def bfds():
    def send(data, port=3784, **fields):
        return udp4(49152, port, data, ttl=255, **fields)

    simple = u8(1, 11, 7) + b"password"
    md5, sha1 = (u8(type, 24, 7, 0) + u32(99) + bytes(range(16)) for type in (2, 3)), (
        u8(type, 28, 7, 0) + u32(99) + bytes(range(20)) for type in (4, 5)
    )
    return [
        *(send(bfd(state, yours=0 if state < 2 else 0x2002)) for state in range(4)),
        *(send(bfd(1, diag)) for diag in (*range(9), 31)),
        *(send(bfd(3, flags=flags)) for flags in (0x20, 0x10, 0x08, 0x02, 0x01, 0x3A)),
        send(bfd(auth=simple)),
        *(send(bfd(auth=each)) for each in (*md5, *sha1)),
        send(bfd(), port=4784),  # multihop
        send(u8(0x20, 0xC0, 3, 24) + u32(1, 1) + bytes(12), port=3785),  # echo
        udp6(49152, 3784, bfd(), hops=255),
    ]


def udps():
    def wrong(length, data=filler(20), **fields):
        return eth4(UDP(sport=40000, dport=40001, len=length, **fields) / Raw(data))

    over6 = u16(40000, 40001, 8 + 9, 0) + b"no sum v6"
    return [
        udp4(40000, 40001, b"to a port that nobody knows"),
        udp4(40001, 40000, b"and back", B, A),
        udp4(40000, 40001, b""),
        udp4(0, 40001, b"from port 0"),
        udp4(40000, 40001, b"no checksum", udp={"chksum": 0}),
        udp4(40000, 40001, b"a bad checksum", udp={"chksum": 0xDEAD}),
        eth6(17, over6),
        wrong(20),
        wrong(40),
        wrong(7),
        wrong(0),
        wrong(65535),
        wrong(18, chksum=0),
        udp4(40000, 40001, filler(1400)),
        udp4(65535, 40001, filler(30)),
    ]


def app():
    return ntps() + bfds() + udps()
