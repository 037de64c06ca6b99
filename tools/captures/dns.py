"""dns.pcap: DNS and mDNS messages, with compression of our own (Scapy's is another in each version)."""

from frames import *

TYPES = dict(A=1, NS=2, CNAME=5, SOA=6, PTR=12, HINFO=13, MX=15, TXT=16, AAAA=28, SRV=33, NAPTR=35, OPT=41, DS=43)
TYPES.update(RRSIG=46, NSEC=47, DNSKEY=48, TLSA=52, SVCB=64, HTTPS=65, ANY=255, AXFR=252, CAA=257, NEW=65400)


class Writer:
    def __init__(self, compress=True):
        self.data, self.known, self.compress = b"", {}, compress

    def name(self, text, compress=True):
        labels = [] if text == "." else text.rstrip(".").split(".")
        while labels:
            suffix = ".".join(labels).lower()
            if compress and self.compress and suffix in self.known:
                self.data += u16(0xC000 | self.known[suffix])
                return
            if len(self.data) < 0x4000:
                self.known.setdefault(suffix, len(self.data))
            self.data += strings(labels.pop(0))
        self.data += b"\0"

    def record(self, name, type, *parts, ttl=300, cls=1):
        """Parts of the data: bytes as they are, text a name, ("name",) a name that must not be compressed."""
        self.name(name)
        self.data += u16(TYPES[type], cls) + u32(ttl)
        start = len(self.data)
        self.data += u16(0)
        for part in parts:
            if isinstance(part, bytes):
                self.data += part
            elif isinstance(part, tuple):
                self.name(part[0], compress=False)
            else:
                self.name(part)
        length = len(self.data) - start - 2
        self.data = self.data[:start] + u16(length) + self.data[start + 2 :]


def strings(*texts):
    return b"".join(u8(len(each)) + each.encode() for each in texts)


def message(id, flags, questions=(), answers=(), authorities=(), additional=(), compress=True):
    """A question is (name, type[, class]); a record is the arguments of Writer.record, its keywords last in a dict."""
    writer = Writer(compress)
    writer.data = u16(id, flags, len(questions), len(answers), len(authorities), len(additional))
    for name, type, *cls in questions:
        writer.name(name)
        writer.data += u16(TYPES[type], *(cls or [1]))
    for each in (*answers, *authorities, *additional):
        keywords = each[-1] if isinstance(each[-1], dict) else {}
        writer.record(*(each[:-1] if keywords else each), **keywords)
    return writer.data


QUERY, ANSWER, TRUNCATED, NXDOMAIN = 0x0100, 0x8180, 0x8380, 0x8183
ZONE, HOST = "example.com", "www.example.com"
SOA_DATA = ("ns1.example.com", "hostmaster.example.com", u32(2024010101, 7200, 3600, 1209600, 300))


def edns(*options, size=1232, flags=0, version=0, rcode=0):
    data = b"".join(u16(code, len(value)) + value for code, value in options)
    return (".", "OPT", data, dict(cls=size, ttl=rcode << 24 | version << 16 | flags))


def param(key, value):
    return u16(key, len(value)) + value


def answers():
    """(question, answers...): each record type as a response would have it."""
    signed = u16(1) + u8(13, 2) + u32(300, 1705000000, 1700000000) + u16(34567)
    digest = bytes(range(32))
    hints = param(1, strings("h2", "h3")) + param(3, u16(8443)) + param(4, addr(A) + addr(B)) + param(6, addr(A6))
    return [
        (HOST, "A", (HOST, "A", addr(A)), (HOST, "A", addr(B))),
        (HOST, "AAAA", (HOST, "AAAA", addr(A6))),
        (ZONE, "NS", (ZONE, "NS", "ns1.example.com"), (ZONE, "NS", "ns2.example.net")),
        (HOST, "A", (HOST, "CNAME", "web.cdn.example.net"), ("web.cdn.example.net", "A", addr(C))),
        (ZONE, "SOA", (ZONE, "SOA", *SOA_DATA)),
        ("1.2.0.192.in-addr.arpa", "PTR", ("1.2.0.192.in-addr.arpa", "PTR", HOST)),
        (ZONE, "MX", (ZONE, "MX", u16(10), "mail.example.com"), (ZONE, "MX", u16(0), ".")),
        (ZONE, "TXT", (ZONE, "TXT", strings("v=spf1 -all", "the second", "", "x" * 255))),
        (ZONE, "TXT", (ZONE, "TXT", b"\x06\x00\x7f\x80\xff\"\\")),
        ("_sip._udp.example.com", "SRV", ("_sip._udp.example.com", "SRV", u16(10, 60, 5060), ("sip.example.com",))),
        ("4.3.2.1.example.com", "NAPTR", ("4.3.2.1.example.com", "NAPTR", u16(100, 10), strings("u", "E2U+sip", "!^.*$!sip:info@example.com!"), (".",))),
        (ZONE, "CAA", (ZONE, "CAA", u8(0), strings("issue"), b"ca.example.net"), (ZONE, "CAA", u8(128), strings("iodef"), b"mailto:a@example.com")),
        (HOST, "HINFO", (HOST, "HINFO", strings("RISCV", "PLAN9"))),
        (ZONE, "DS", (ZONE, "DS", u16(34567) + u8(13, 2) + digest), (ZONE, "RRSIG", u16(43) + signed[2:] + b"\x03com\x00" + filler(64))),
        (HOST, "RRSIG", (HOST, "A", addr(A)), (HOST, "RRSIG", signed, (ZONE,), filler(64))),
        (ZONE, "NSEC", (ZONE, "NSEC", ("a.example.com",), bytes.fromhex("0006620080080003") + bytes.fromhex("010140"))),
        (ZONE, "DNSKEY", (ZONE, "DNSKEY", u16(257) + u8(3, 13) + filler(64)), (ZONE, "DNSKEY", u16(256) + u8(3, 8, 3) + u8(1, 0, 1) + filler(128))),
        ("_443._tcp.www.example.com", "TLSA", ("_443._tcp.www.example.com", "TLSA", u8(3, 1, 1) + digest)),
        (ZONE, "HTTPS", (ZONE, "HTTPS", u16(0), ("svc.example.net",))),
        (HOST, "HTTPS", (HOST, "HTTPS", u16(1), (".",), hints)),
        ("_dns.example.com", "SVCB", ("_dns.example.com", "SVCB", u16(16), ("dot.example.com",), param(0, u16(1, 3)) + param(1, strings("dot")) + param(2, b"") + param(5, filler(20)) + param(65400, b"key"))),
        (HOST, "NEW", (HOST, "NEW", b"data of an unknown type")),
    ]


def pair(id, name, type, *records):
    return [
        udp4(50000 + id, 53, message(id, QUERY, [(name, type)])),
        udp4(53, 50000 + id, message(id, ANSWER, [(name, type)], records), B, A),
    ]


def specials():
    deep = "a.b.c.d.e.example.com"
    chain = [(deep, "CNAME", "b.c.d.e.example.com"), ("b.c.d.e.example.com", "CNAME", "x.d.e.example.com")]
    chain += [("x.d.e.example.com", "CNAME", "y.x.d.e.example.com"), ("y.x.d.e.example.com", "A", addr(D))]
    cookie, subnet = (10, bytes(range(8))), (8, u16(1) + u8(24, 0) + addr("198.51.100.0")[:3])
    subnet6 = (8, u16(2) + u8(56, 48) + addr("2001:db8::")[:7])
    kinds = [(3, b""), (12, bytes(20)), (15, u16(18) + b"blocked"), (11, u16(300)), (65001, b"local")]
    return [
        (0, message(900, QUERY, [(deep, "A")])),
        (1, message(900, ANSWER, [(deep, "A")], chain)),
        (1, message(901, ANSWER, [(HOST, "A")], [(HOST, "A", addr(A))], compress=False)),
        (1, message(902, TRUNCATED, [(ZONE, "TXT")])),
        (1, message(903, NXDOMAIN, [("nowhere.example.com", "A")], (), [(ZONE, "SOA", *SOA_DATA)])),
        *((1, message(910 + code, 0x8100 | code, [(HOST, "A")])) for code in (1, 2, 4, 5, 9, 11)),
        (0, message(904, QUERY, [(HOST, "A"), (HOST, "AAAA"), ("mail.example.com", "MX")])),
        (0, message(905, QUERY | 0x20, [(HOST, "A")], (), (), [edns(cookie, subnet, flags=0x8000)])),
        (1, message(905, ANSWER | 0x30, [(HOST, "A")], [(HOST, "A", addr(A))], (), [edns((10, bytes(range(24))), subnet6)])),
        (1, message(906, ANSWER, [(HOST, "A")], (), (), [edns(*kinds, size=4096)])),
        (1, message(907, ANSWER, [(HOST, "A")], (), (), [edns(version=1, rcode=1, size=512)])),
        (1, message(908, 0x8580, [(ZONE, "ANY")], [(ZONE, "NS", "ns1.example.com")], [(ZONE, "NS", "ns2.example.com")], [("ns1.example.com", "A", addr(C)), ("ns2.example.com", "AAAA", addr(C6))])),
        (0, message(909, QUERY, [("version.bind", "TXT", 3)])),
        (0, message(920, QUERY, [(".", "NS")])),
        (0, message(921, 0x2400, [(ZONE, "SOA")], [(ZONE, "SOA", *SOA_DATA)])),  # notify
        (0, message(922, 0x2800, [(ZONE, "SOA")], (), [("new.example.com", "A", addr(D)), ("old.example.com", "ANY", dict(ttl=0, cls=255))])),  # update
        (0, message(923, 0x1000)),  # status, without a question
        (0, message(924, QUERY, [("x" * 63 + "." + "y" * 63 + "." + "z" * 63 + "." + "w" * 61, "A")])),
        (0, message(925, QUERY, [("MiXeD.ExAmPlE.CoM", "A")])),
        (0, message(926, QUERY, [("sp ace.t\tab.example.com", "A")])),
        (0, message(927, QUERY, [(ZONE, "AXFR")])),
    ]


def mdns():
    service, instance, host = "_http._tcp.local", "Printer._http._tcp.local", "printer.local"
    flush, unicast = dict(cls=0x8001, ttl=120), 0x8001
    full = message(
        0, 0x8400, (),
        [(service, "PTR", instance, dict(ttl=4500))], (),
        [
            (instance, "SRV", u16(0, 0, 80), host, flush),
            (instance, "TXT", strings("path=/", "ready"), dict(cls=0x8001, ttl=4500)),
            (host, "A", addr(A), flush),
            (host, "AAAA", addr(A6), flush),
            (host, "NSEC", host, bytes.fromhex("000440000008"), flush),
        ],
    )
    known = message(0, 0, [(service, "PTR")], [(service, "PTR", instance, dict(ttl=4000))])
    probe = message(0, 0, [(host, "ANY", unicast)], (), [(host, "A", addr(A), dict(ttl=120))])
    bye = message(0, 0x8400, (), [(service, "PTR", instance, dict(ttl=0))])
    query = message(0, 0, [(service, "PTR", unicast), ("_services._dns-sd._udp.local", "PTR")])
    four = [udp4(5353, 5353, each, dst="224.0.0.251", ttl=255) for each in (query, known, probe, full, bye)]
    return four + [udp6(5353, 5353, each, dst="ff02::fb", hops=255) for each in (query, full)]


def streams():
    """dns-tcp.pcap: several messages in a segment, whole and not."""
    framed = lambda data: u16(len(data)) + data
    asks = [message(940 + at, QUERY, [(name, type)]) for at, (name, type) in enumerate([(HOST, "A"), (ZONE, "MX"), (HOST, "AAAA"), (ZONE, "NS")])]
    replies = [
        message(940, ANSWER, [(HOST, "A")], [(HOST, "A", addr(A)), (HOST, "A", addr(B))]),
        message(941, NXDOMAIN, [(ZONE, "MX")], (), [(ZONE, "SOA", *SOA_DATA)]),
        message(942, ANSWER, [(HOST, "AAAA")], [(HOST, "AAAA", addr(A6))], (), [edns()]),
    ]
    broken = replies[0][:-3]
    up = lambda data, **more: tcp4(54000, 53, "PA", 1, 1, data, **more)
    down = lambda data: tcp4(53, 54000, "PA", 1, 1, data, B, A)
    two, three = framed(asks[0]) + framed(asks[1]), b"".join(map(framed, replies))
    segment = u16(54000, 53) + u32(1, 1) + u16(0x5018, 8192, 0, 0) + two
    return [
        up(two),
        down(three),
        up(b"".join(map(framed, asks))),
        down(framed(replies[0]) * 40),  # more than layers may lie inside each other
        down(framed(replies[1]) + framed(replies[2])[:-20]),  # the second goes on in the next segment
        down(framed(replies[2])[:-20] + framed(replies[0])),  # a length that takes in the start of the next
        down(framed(broken) + framed(replies[2])),
        up(framed(asks[0] + b"more") + framed(asks[1])),
        up(framed(asks[0]) + b"\0"),
        up(framed(asks[0]) + framed(asks[1][:5]) + framed(asks[2])),
        up(framed(b"") + framed(asks[3])),
        up(framed(asks[1][:11]) + framed(b"") + framed(asks[0])),
        up(u16(12) + asks[0][:4] + bytes(8)) + bytes(3),  # a trailer, not a message
        up(framed(asks[0]) + bytes(9)),  # four messages of nothing, and half a length
        eth6(6, sum6(6, segment, 16, A6, B6)),
        (down(three)[:150], len(down(three))),
    ]


def dns():
    frames = []
    for id, (name, type, *records) in enumerate(answers(), 1):
        frames += pair(id, name, type, *records)
    for answer, data in specials():
        frames.append(udp4(53, 51000, data, B, A) if answer else udp4(51000, 53, data))
    frames += mdns()
    frames.append(udp6(52000, 53, message(930, QUERY, [(HOST, "AAAA")])))
    frames.append(udp6(53, 52000, message(930, ANSWER, [(HOST, "AAAA")], [(HOST, "AAAA", addr(C6))]), B6, A6))
    ask, reply = message(931, QUERY, [(HOST, "A")]), message(931, ANSWER, [(HOST, "A")], [(HOST, "A", addr(A))])
    frames.append(tcp4(53000, 53, "PA", 1, 1, u16(len(ask)) + ask))
    frames.append(tcp4(53, 53000, "PA", 1, 3 + len(ask), u16(len(reply)) + reply, B, A))
    return frames
