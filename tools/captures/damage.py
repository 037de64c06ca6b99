"""errors.pcap and cut.pcap: what is left of good frames after an accident."""

import random

import app
import dhcp
import dns
import ipv4
import ipv6
import link
import tcp
from frames import *

FLIPS, SHORTS, CUTS = 84, 84, 60

# The seeds below are ones by which no frame becomes one of a protocol that the good ones do not have
# (a flipped port, or a guess of tshark's heuristics about a payload that was cut).


class Dice:
    """Only random() is promised to be the same in every Python."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, limit):
        return int(self.random() * limit)

    def pick(self, items):
        return items[self.below(len(items))]


def at(frame, offset, data):
    return frame[:offset] + data + frame[offset + len(data) :]


def resum(frame, start=14):
    """The right header checksum again, where the header is long enough to have one."""
    size = max(20, (frame[start] & 15) * 4)
    return frame[:start] + summed(frame[start : start + size], 10) + frame[start + size :]


def links():
    arp, lldp = link.arps()[0], link.lldps()[0]
    request, stp = padded(arp), link.stps()[0]
    chassis, port, ttl, end = link.tlv(1, u8(4) + mac(MAC1)), link.tlv(2, b"\x05eth0"), link.tlv(3, u16(9)), b"\0\0"
    plain = ipv4.echo()
    pdus = [
        [chassis, port, ttl],
        [chassis, port, end],
        [port, chassis, ttl, end],
        [link.tlv(1, b""), port, ttl, end],
        [link.tlv(1, b"\x04"), port, ttl, end],
        [link.tlv(1, b"\x05\x01\x02"), port, ttl, end],
        [chassis, port, link.tlv(3, b"\x01"), end],
        [chassis, port, ttl, link.tlv(7, b"\0"), end],
        [chassis, port, ttl, link.tlv(8, b"\x00\x01"), end],
        [chassis, port, ttl, link.tlv(8, u8(255, 1) + addr(A)), end],
        [chassis, port, ttl, link.tlv(127, b"\x00\x80"), end],
        [chassis, port, ttl, link.org("0080c2", 3, u16(1) + u8(200) + b"short"), end],
        [chassis, port, ttl, u16(5 << 9 | 500) + b"too short"],
        [chassis, port, ttl, link.tlv(0, b"not empty"), end],
    ]
    return [
        *(at(request, 18, lengths) for lengths in (b"\0\0", b"\xff\x04", b"\x06\xff", b"\x06\x10", b"\x08\x04")),
        *(at(arp, 14, kind) for kind in (u16(0), u16(1, 0x86DD))),
        *(link.lldpdu(*each) for each in pdus),
        at(lldp, 14, u16(0x03FF)),
        *(at(stp, 12, u16(length)) for length in (0, 2, 7, 200, 1500)),
        *(at(stp, 17, data) for data in (b"\0\x01", b"\0\0\xff", b"\0\0\0\x01", b"\0\0\x02\x02")),
        tags(plain, *[(VLAN, 0, 0, vlan) for vlan in range(1, 20)]),
        tags(plain, (VLAN, 0, 0, 1))[:16],
        eth(QINQ, b"\0\x01\x81\x00\0"),
        link.llc(b"\0\0\x0c", 0xAA, 0xAA)[:20],
        plain[:13],
    ]


def networks():
    data, ping = udp4(40000, 40001, bytes(range(224, 256)), id=9), ipv4.echo()
    lengths = (0, 10, 19, 20, 27, 28, 61, 160, 65535)
    parts = [resum(at(data, 14, u8(0x40 | ihl))) for ihl in (0, 1, 4, 6, 9, 15)]
    parts += [at(data, 14, u8(version << 4 | 5)) for version in (0, 5, 6, 15)]
    parts += [resum(at(frame, 16, u16(length))) for frame in (data, ping) for length in lengths]
    parts += [resum(at(data, 20, u16(bits))) for bits in (0x1FFF, 0x3FFF, 0x2001)]
    routes = [(7, 0, 4), (7, 1, 4), (7, 2, 4), (7, 3, 4), (7, 40, 4), (7, 7, 0), (7, 7, 3), (7, 7, 5), (7, 7, 255)]
    for type, length, pointer in [*routes, (131, 5, 4), (137, 11, 12)]:
        parts.append(eth4(ipv4.icmp(8, 0), proto=1, options=[u8(type, length, pointer) + addr(A) + b"\0"]))
    for kind in (b"\x94\x03\0\0", b"\x94\x04\0", b"\x88\x03\0\0", b"\x44\x0c\x04\0" + bytes(8), b"\x44\x0c\x05\x02" + bytes(8), b"\x44\x0a\xff\x01" + bytes(8), b"\x07\0\0\0", b"\xde"):
        parts.append(eth4(ipv4.icmp(8, 0), proto=1, options=[kind]))
    original = ip4(b"", proto=17)
    for rest in (original[:4], original[:19], at(original, 0, b"\x4f"), at(original, 0, b"\x60"), original + b"\x01", b""):
        parts.append(ipv4.icmp4(3, 3, data=rest))
    parts += [eth4(u8(8), proto=1), eth4(u8(13, 0) + bytes(8), proto=1), ipv4.icmp4(9, 0, u8(200, 2, 0, 9), bytes(8))]
    parts += [ipv4.icmp4(9, 0, u8(2, 0, 0, 9), bytes(16)), ipv4.icmp4(9, 0, u8(2, 255, 0, 9), bytes(16))]
    for rest in (u16(0, 65535), u16(0, 2) + ipv4.record(1, "233.252.0.1"), u16(0, 1) + u8(1, 255) + u16(0) + bytes(4), u16(0, 1) + u8(1, 0) + u16(65535) + bytes(8)):
        parts.append(ipv4.igmp(0x22, 0, rest, "224.0.0.22"))
    parts += [ipv4.igmp(0x11, 9, addr("233.252.0.1") + u8(2, 9) + u16(999), "233.252.0.1"), eth4(b"\x11\0", proto=2)]
    return parts + nested()


def nested():
    ping = ipv4.echo()
    deep, deeper = ping[14:], ping
    for _ in range(25):
        deep = ip4(deep, proto=4)
    for _ in range(8):
        deeper = ipv4.vxlan(deeper)
    gre = [u16(flags, IPV4) for flags in (0x4000, 0x2001, 0x3001, 0x0700, 0x00F8, 0xF000)]
    return [
        eth(IPV4, deep),
        deeper,
        *(eth4(head + bytes(4) + ping[14:], proto=47) for head in gre),
        eth4(u8(0x20), proto=47),
        udp4(9, 4789, b"\x08\0\0", udp={"chksum": 0}),
        ipv4.vxlan(b"\x00\x00\x5e"),
    ]


def networks6():
    data = udp(40000, 40001, b"inside IPv6")
    hop = lambda raw, next=17: eth6(next, data, ext=[(0, raw)])
    route = lambda raw: eth6(17, data, ext=[(43, raw)])
    parts = [eth6(17, data, length=length) for length in (0, 1, 7, len(data) - 1, len(data) + 1, 65535)]
    parts += [eth6(17, data, ext=[(0, ipv6.opts((0xC2, u32(size))))], length=0) for size in (len(data) + 8, 65536)]
    parts += [hop(u8(size) + u8(5, 2, 0, 0, 1, 0)) for size in (1, 9, 255)]
    parts += [hop(u8(0) + raw) for raw in (u8(5, 5, 0, 0, 1, 0), u8(5, 255, 0, 0, 0, 0), u8(1, 0, 1, 0, 1, 3), u8(0xC2, 4, 0, 0, 0, 1), u8(5, 1, 0, 1, 1, 0), u8(0, 0, 0, 0, 0, 7))]
    parts += [route(raw) for raw in (u8(1, 0, 0) + bytes(12), u8(2, 0, 9) + bytes(20), u8(2, 2, 1) + bytes(20), u8(0, 4, 0) + bytes(4), u8(2, 4, 1, 9, 0, 0, 0) + bytes(16), u8(99, 0, 0) + bytes(4))]
    parts += [eth6(17, data[:7], ext=[(44, ipv6.fragment(0, 1, 1))]), eth6(17, data, ext=[(44, ipv6.fragment(0xFFF8, 1, 2))]), eth6(44, u8(17, 0, 0))]
    parts += [eth6(17, data, ext=[(51, u8(size) + bytes(10))]) for size in (0, 1, 200)]
    parts += [eth6(17, data, ext=[(60, ipv6.opts())] * 30), eth6(17, data, ext=[(60, ipv6.opts()), (0, ipv6.opts())]), eth6(0, b"")]
    return parts + messages6()


def messages6():
    solicit = u32(0) + addr(B6)
    options = [b"\x01\x00" + bytes(6), b"\x01\x05" + bytes(6), b"\x01", b"\x01\x01\0", ipv6.opt(3, bytes(6)), ipv6.opt(5, bytes(14)), ipv6.opt(25, bytes(6)), ipv6.opt(25, bytes(14)), ipv6.opt(31, bytes(6) + b"\x3fshort.." + bytes(8)), ipv6.opt(31, bytes(6) + b"\xc0\x00" + bytes(6)), ipv6.opt(24, u8(129, 0) + bytes(4)), ipv6.opt(24, u8(128, 0) + bytes(4)), ipv6.opt(4, bytes(6) + b"\x60")]
    parts = [icmp6(134, 0, u8(64, 0) + bytes(10) + each, dst=ipv6.ALL_NODES) for each in options]
    parts += [icmp6(135, 0, rest) for rest in (solicit[:10], solicit[:4], b"", solicit + b"\x01")]
    parts += [icmp6(1, 0, u32(0) + ip6(17, b"")[:size]) for size in (0, 8, 39)]
    reports = [u16(0, 65535), u16(0, 1) + u8(1, 0) + u16(999) + addr("ff02::1"), u16(0, 1) + u8(1, 255) + u16(0) + addr("ff02::1"), u16(0, 2) + ipv6.record(1, "ff02::5")]
    parts += [icmp6(143, 0, each, dst=ipv6.MLD2, hops=1) for each in reports]
    queries = [u16(0, 0) + addr("::")[:9], u16(0, 0) + addr("::") + u8(0, 0) + u16(50), u16(0, 0) + addr("::") + u8(0, 0)]
    return parts + [icmp6(130, 0, each, dst=ipv6.ALL_NODES, hops=1) for each in queries] + [eth6(58, u8(128)), eth6(58, b"")]


def transports():
    parts = [udp4(40000, 40001, filler(20), udp={"len": length}) for length in (0, 1, 7, 8, 27, 29, 65535)]
    parts += [udp6(40000, 40001, b"x")[:58] + u16(length) + bytes(3) for length in (0, 7, 8, 500)]
    seg = dict(sport=40000, dport=7777, flags="A", seq=1, ack=1)
    parts += [tcp4(data=b"some data", dataofs=offset, **seg) for offset in (0, 1, 4, 6, 8, 15)]
    kinds = [u8(2, 0), u8(2, 1), u8(2, 3, 5), u8(2, 255, 5), u8(2), u8(3, 4, 1, 1), u8(3, 2), u8(4, 3, 0), u8(5, 9) + bytes(7), u8(5, 2), u8(5, 42) + bytes(8), u8(8, 9) + bytes(7), u8(8, 11) + bytes(9), u8(19, 17) + bytes(15), u8(28, 3, 1), u8(34, 3, 1), u8(34, 19) + bytes(17), u8(200, 0), u8(200, 1), u8(200, 99), u8(1, 1, 1, 2), u8(0, 2, 4, 5)]
    for raw in kinds:
        raw += bytes(-len(raw) % 4)
        head = u16(40000, 7777) + u32(1, 1) + u16((5 + len(raw) // 4) << 12 | 0x10, 64240, 0, 0) + raw
        pseudo = addr(A) + addr(B) + u16(6, len(head))
        parts.append(eth4(at(head, 16, u16(checksum(pseudo + head))), proto=6))
    return parts


def names():
    query = dns.message(1, dns.QUERY, [(dns.HOST, "A")])
    head = u16(2, 0x8180, 1, 1, 0, 0)
    tail, ask = u16(1, 1), b"\x01a\x00" + u16(1, 1)
    rr = lambda type, data, length=None: head + ask + b"\xc0\x0c" + u16(type, 1) + u32(60) + u16(len(data) if length is None else length) + data
    wrong = [at(query, offset, u16(count)) for offset in (4, 6, 8, 10) for count in (0, 2, 65535)]
    wrong += [head + name + tail for name in (b"\xc0\x0c", b"\xc0\x0e\xc0\x0c", b"\x01a\xc0\x0c", b"\xc0\x40", b"\xc3\xff", b"\xc0\x00", b"\x40" + filler(64) + b"\0", b"\x80a\0", b"\x3fshort", (b"\x3f" + filler(63)) * 5 + b"\0", b"", b"\xc0")]
    wrong += [head + b"\x01a\xc0\x10\x01b\xc0\x0c" + tail]
    shorts = [(1, b"abc"), (1, b"abcde"), (1, b""), (28, bytes(15)), (28, bytes(17)), (2, b""), (2, b"\xc0"), (5, b"\xc0\x1d"), (6, b"\0\0\0\0"), (15, b"\0"), (16, b"\x09short"), (16, b""), (33, bytes(5)), (35, bytes(5)), (257, b"\0\x09is"), (13, b"\x01"), (43, b"\0"), (46, bytes(10)), (47, b"\0\0\x40"), (48, b"\0"), (52, b"\0"), (65, b"\0\x01\0\0\x01\0\x09"), (41, b"\0\x08\0\x09"), (41, b"\0\x08\0\x03\0\x01\xff"), (65400, b"")]
    wrong += [rr(type, data) for type, data in shorts]
    wrong += [rr(type, data, length) for type, data, length in ((1, addr(A), 0), (1, addr(A), 9), (1, addr(A), 65535), (16, b"\x02ok", 2), (2, b"\x01b\x00", 1), (28, addr(A6), 8))]
    frames = [udp4(53, 51000, each, B, A) if each[2] & 0x80 else udp4(51000, 53, each) for each in wrong]
    return frames + [tcp4(53001 + length % 7, 53, "PA", 1, 1, u16(length) + query) for length in (0, 5, len(query) + 9)] + [udp4(5353, 5353, wrong[0][:11], dst="224.0.0.251")]


def applications():
    opt, kind = dhcp.opt, dhcp.kind(dhcp.OFFER)
    kinds = [u8(51, 3) + b"abc", u8(1, 200, 1), u8(12), opt(53), opt(53, b"\1\2"), opt(1, b"abc"), opt(3, b"abcde"), opt(55), opt(61), opt(82, u8(1, 99) + b"x"), opt(82, u8(1)), opt(121, u8(33) + bytes(9)), opt(121, u8(24, 1)), opt(81, b"\0"), opt(52, b"\x07"), opt(43, u8(1, 250)), opt(119, b"\x3fa"), opt(119, b"\xc0\x00"), opt(125, u32(9) + u8(99)), opt(12)]
    parts = [dhcp.down(kind, each, end=False, pad=0) for each in kinds]
    parts += [dhcp.down(kind, opt(52, u8(3)), file=bytes(range(1, 120)), sname=u8(12, 200)), udp4(68, 67, dhcp.bootp(1, [kind])[:236]), udp4(68, 67, at(dhcp.bootp(1, [kind]), 236, b"nope")), udp4(68, 67, at(dhcp.bootp(1, [kind]), 2, b"\xff"))]
    ntp = app.ntp(4, 3)
    notes = [ntp[:12], ntp[:47], ntp + b"\0", ntp + bytes(7), ntp + u16(0x104, 9999), ntp + u16(1, 0) + bytes(30), b"\x23", at(ntp, 0, b"\x03"), at(ntp, 0, b"\x3b"), u8(0x16, 2) + bytes(8) + u16(400) + b"x", u8(0x16, 2), u8(0x97, 0, 3, 42) + u16(500, 72) + bytes(8), u8(0x17)]
    parts += [udp4(123, 123, each) for each in notes]
    parts += [udp4(49152, 3784, app.bfd(**each), ttl=255) for each in (dict(length=0), dict(length=10), dict(length=255), dict(version=0), dict(version=7), dict(mult=0), dict(mine=0), dict(auth=u8(1, 0, 1)), dict(auth=u8(1, 255, 1) + b"x"), dict(auth=u8(2, 24, 1) + b"x"), dict(auth=u8(9, 4, 1, 1)), dict(flags=4))]
    return parts


def flip(dice, frame):
    """One to three bytes after the Ethernet addresses, in the first 80, become others."""
    flipped = bytearray(frame)
    for _ in range(1 + dice.below(3)):
        flipped[12 + dice.below(min(len(frame), 80) - 12)] ^= 1 + dice.below(255)
    return bytes(flipped) if flipped != frame else flip(dice, frame)


def shorten(dice, frame):
    return frame[: 1 + dice.below(len(frame) - 1)]


def errors(good):
    """`good` is the frames of each capture; each has the same share, whatever its size."""
    dice = Dice(1)
    parts = [flip(dice, dice.pick(good[turn % len(good)])) for turn in range(FLIPS)]
    parts += [shorten(dice, dice.pick(good[turn % len(good)])) for turn in range(SHORTS)]
    return parts + links() + networks() + networks6() + transports() + names() + applications()


def cut(good):
    """Captured with a snap length: (what is left, the original length)."""
    dice, parts = Dice(4), []
    for turn in range(CUTS):
        snap = 40 + dice.below(51)
        frame = dice.pick([each for each in good[turn % len(good)] if len(each) > snap])
        parts.append((frame[:snap], len(frame)))
    jumbo = ipv6.jumbo()
    return [*parts, (jumbo[:90], len(jumbo)), (jumbo[:60], len(jumbo))]
