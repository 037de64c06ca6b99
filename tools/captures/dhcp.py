"""dhcp.pcap: every DHCP message, and the options that are hard to read."""

from frames import *

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
ANY4 = "0.0.0.0"


def opt(code, *parts):
    data = b"".join(parts)
    return u8(code, len(data)) + data


def bootp(op, options, end=True, client=ANY4, yours=ANY4, server=ANY4, relay=ANY4, **fields):
    """The fixed part (RFC 2131, figure 1), the cookie and the options."""
    hw = fields.get("hw", mac(MAC1))
    data = u8(op, fields.get("htype", 1), len(hw), fields.get("hops", 0)) + u32(fields.get("xid", 0x3903F326))
    data += u16(fields.get("secs", 0), fields.get("flags", 0))
    data += addr(client) + addr(yours) + addr(server) + addr(relay) + hw.ljust(16, b"\0")
    data += fields.get("sname", b"").ljust(64, b"\0") + fields.get("file", b"").ljust(128, b"\0")
    return data + bytes.fromhex("63825363") + b"".join(options) + (b"\xff" if end else b"")


def up(*options, src=ANY4, dst="255.255.255.255", pad=300, **fields):
    data = bootp(1, options, **fields)
    return udp4(68, 67, data.ljust(pad, b"\0"), src, dst, ttl=64, tos=0x10)


def down(*options, src=A, dst="255.255.255.255", pad=300, **fields):
    data = bootp(2, options, **fields)
    return udp4(67, 68, data.ljust(pad, b"\0"), src, dst, ttl=64)


def kind(type):
    return opt(53, u8(type))


def dhcp():
    me, offered = u8(1) + mac(MAC1), "192.0.2.100"
    asked = opt(55, u8(1, 3, 6, 12, 15, 28, 42, 51, 58, 59, 119, 121, 250))
    lease = [opt(1, addr("255.255.255.0")), opt(3, addr(A)), opt(6, addr(A) + addr(B))]
    lease += [opt(12, b"client"), opt(15, b"example.com"), opt(28, addr("192.0.2.255"))]
    lease += [opt(51, u32(86400)), opt(58, u32(43200)), opt(59, u32(75600)), opt(54, addr(A))]
    # Destinations of every length of a prefix: default, /24, /25 and one host.
    routes = u8(0) + addr(A) + u8(24, 198, 51, 100) + addr(B) + u8(25, 198, 51, 100, 128) + addr(B)
    routes += u8(32) + addr(C) + addr(ANY4)
    circuit = opt(1, b"ge-0/0/1:100") + opt(2, mac(MAC3)) + opt(5, addr("198.51.100.0"))
    circuit += opt(6, b"subscriber") + opt(9, u32(32473) + opt(1, b"ven")) + opt(11, addr(A)) + opt(151, b"\0vrf") + opt(200, b"?")
    many = [
        opt(2, u32(3600)),
        opt(4, addr(A)),
        opt(7, addr(A)),
        opt(13, u16(100)),
        opt(17, b"/root"),
        opt(19, u8(1)),
        opt(23, u8(64)),
        opt(26, u16(1500)),
        opt(33, addr(C) + addr(A)),
        opt(42, addr(A) + addr(B)),
        opt(44, addr(A)),
        opt(46, u8(8)),
        opt(57, u16(1500)),
        opt(66, b"tftp.example.com"),
        opt(67, b"boot.img"),
        opt(93, u16(7)),
        opt(94, u8(1, 3, 16)),
        opt(97, u8(0) + bytes(range(16))),
        opt(100, b"CET-1CEST"),
        opt(101, b"Europe/Example"),
        opt(114, b"https://portal.example.com/"),
        opt(116, u8(1)),
        opt(119, b"\x07example\x03com\x00\x04home\xc0\x00"),
        opt(120, u8(1) + addr(A)),
        opt(125, u32(32473) + u8(4) + opt(1, b"ok")),
        opt(150, addr(A) + addr(B)),
        opt(249, routes[:13]),
        opt(252, b"http://wpad.example.com/wpad.dat"),
    ]
    identity = [opt(61, me), opt(60, b"MSFT 5.0"), opt(57, u16(1500)), opt(12, b"client")]
    fqdn = opt(81, u8(1, 0, 0) + b"client.example.com")
    encoded = opt(81, u8(5, 255, 255) + b"\x06client\x07example\x03com\x00")
    return [
        up(kind(DISCOVER), *identity, opt(50, addr(offered)), asked),
        down(kind(OFFER), *lease, opt(121, routes), yours=offered),
        up(kind(REQUEST), *identity, opt(50, addr(offered)), opt(54, addr(A)), fqdn, asked),
        down(kind(ACK), *lease, opt(121, routes), opt(81, u8(3, 255, 255) + b"client.example.com"), yours=offered),
        up(kind(REQUEST), opt(61, me), src=offered, dst=A, client=offered, secs=7),  # renewing
        down(kind(NAK), opt(54, addr(A)), opt(56, b"requested address not available"), flags=0x8000),
        up(kind(DECLINE), opt(61, me), opt(50, addr(offered)), opt(54, addr(A)), opt(56, b"in use")),
        up(kind(RELEASE), opt(61, me), opt(54, addr(A)), src=offered, dst=A, client=offered),
        up(kind(INFORM), opt(61, me), encoded, asked, src=offered, client=offered),
        down(kind(ACK), *many, opt(54, addr(A)), dst=offered, client=offered),
        up(kind(DISCOVER), opt(61, u8(255) + u32(1) + u16(3, 1) + mac(MAC1)), opt(43, b"\x01\x02ab\x05\x01c\xff"), opt(250, b"unknown"), flags=0x8000),
        up(kind(DISCOVER), b"\0\0\0", opt(12, b"padded"), b"\0", opt(61, b"\0name"), b"\0\0", asked),
        # Through a relay: both directions, with option 82.
        udp4(67, 67, bootp(1, [kind(DISCOVER), opt(61, me), asked, opt(82, circuit)], hops=1, relay=B), B, C),
        udp4(67, 67, bootp(2, [kind(OFFER), *lease, opt(82, circuit)], hops=1, relay=B, yours=offered), C, B),
        # Options that go on in the file field, the name field, and both.
        down(kind(OFFER), opt(52, u8(1)), opt(54, addr(A)), yours=offered, file=opt(67, b"in-file") + opt(51, u32(600)) + b"\xff"),
        down(kind(OFFER), opt(52, u8(2)), opt(54, addr(A)), yours=offered, sname=opt(12, b"in-sname") + b"\xff", file=b"a/file"),
        down(kind(OFFER), opt(52, u8(3)), opt(54, addr(A)), yours=offered, file=opt(15, b"example.net") + b"\xff", sname=opt(6, addr(B)) + b"\xff"),
        down(kind(ACK), *lease, yours=offered, sname=b"server.example.com", file=b"pxelinux.0", server=B),
        # One option in two parts (RFC 3396), and one of no bytes (rapid commit).
        down(kind(ACK), opt(121, routes[:8]), opt(54, addr(A)), opt(121, routes[8:]), yours=offered),
        up(kind(DISCOVER), opt(80), opt(61, me), opt(77, b"user-class"), opt(118, addr("198.51.100.0"))),
        up(kind(DISCOVER), htype=32, hw=b"", flags=0x8000),
        up(kind(DISCOVER), end=False, pad=0),
        up(kind(10), opt(61, me)),
        up(client=ANY4),  # BOOTP: no message type
        down(yours=offered, file=b"bootp.img"),
    ]
