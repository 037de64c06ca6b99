"""link.pcap: Ethernet and what rides on it without IP."""

from scapy.layers.l2 import ARP, STP

from frames import *

STP_MAC, LLDP_MAC, CISCO_MAC = "01:80:c2:00:00:00", "01:80:c2:00:00:0e", "01:00:0c:cc:cc:cd"
ZERO = "00:00:00:00:00:00"


def arp(op, hwsrc, psrc, hwdst, pdst, dst=BROADCAST, **fields):
    layer = ARP(op=op, hwsrc=hwsrc, psrc=psrc, hwdst=hwdst, pdst=pdst, **fields)
    return eth(0x0806, bytes(layer), src=hwsrc, dst=dst)


def arps():
    request = arp(1, MAC1, A, ZERO, B)
    return [
        request,
        padded(request),
        padded(arp(2, MAC2, B, MAC1, A, dst=MAC1)),
        padded(arp(1, MAC1, A, ZERO, A)),  # gratuitous, as a request
        padded(arp(2, MAC1, A, BROADCAST, A)),  # gratuitous, as a reply
        padded(arp(1, MAC1, "0.0.0.0", ZERO, A)),  # probe
        request + b"\xa5" * 18,  # padding that is not zero
        padded(arp(1, MAC1, A, ZERO, B, hwtype=6)),
        padded(tags(request, (VLAN, 0, 0, 7))),
        padded(eth(0x8035, bytes(ARP(op=3, hwsrc=MAC1, psrc="0.0.0.0", hwdst=MAC1, pdst="0.0.0.0")))),  # RARP
        padded(arp(8, MAC1, A, ZERO, B)),  # inverse
        padded(arp(25, MAC1, A, ZERO, B)),  # no such operation
        padded(eth(0x0806, u16(1, IPV6) + u8(6, 16) + u16(1) + mac(MAC1) + addr(A6) + bytes(6) + addr(B6))),
    ]


def tlv(type, value):
    return u16(type << 9 | len(value)) + value


def org(oui, subtype, value):
    return tlv(127, bytes.fromhex(oui) + u8(subtype) + value)


def lldpdu(*tlvs):
    return eth(0x88CC, b"".join(tlvs), dst=LLDP_MAC)


def management(subtype, address, kind, number, oid=b""):
    return tlv(8, u8(1 + len(address), subtype) + address + u8(kind) + u32(number) + u8(len(oid)) + oid)


def lldps():
    ttl, end = tlv(3, u16(120)), tlv(0, b"")
    chassis, port = tlv(1, u8(4) + mac(MAC1)), tlv(2, u8(5) + b"ge-0/0/1")
    standard = [
        tlv(4, b"uplink to core"),
        tlv(5, b"switch1.example.com"),
        tlv(6, b"An example system, version 1.0"),
        tlv(7, u16(0x0014, 0x0014)),
        management(1, addr(A), 2, 42),
        management(2, addr(A6), 3, 7, bytes.fromhex("2b06010201")),
    ]
    ieee1 = [
        org("0080c2", 1, u16(100)),
        org("0080c2", 2, u8(0x06) + u16(200)),
        org("0080c2", 3, u16(100) + u8(7) + b"example"),
        org("0080c2", 4, u8(8) + bytes.fromhex("0026424203000000")),
        org("0080c2", 7, u8(3) + u32(5)),
    ]
    ieee3 = [
        org("00120f", 1, u8(3) + u16(0x6C01, 0x001E)),
        org("00120f", 2, u8(7, 1, 1)),
        org("00120f", 3, u8(1) + u32(0)),
        org("00120f", 4, u16(9216)),
    ]
    kinds = [
        (1, b"component-1", 1, b"interface alias"),
        (2, b"alias of the chassis", 2, b"port-component"),
        (3, b"backplane", 3, mac(MAC2)),
        (5, u8(1) + addr(A), 4, u8(1) + addr(B)),
        (5, u8(2) + addr(A6), 4, u8(2) + addr(B6)),
        (6, b"eth0", 6, u8(1, 2, 3, 4)),
        (7, b"local-chassis", 7, b"local-port"),
        (9, b"reserved", 9, b"reserved"),
    ]
    return [
        lldpdu(chassis, port, ttl, *standard, *ieee1, *ieee3, end),
        padded(lldpdu(chassis, port, ttl, end)),
        padded(lldpdu(chassis, port, tlv(3, u16(0)), end)),  # shutdown
        *(padded(lldpdu(tlv(1, u8(c) + cid), tlv(2, u8(p) + pid), ttl, end)) for c, cid, p, pid in kinds),
        lldpdu(chassis, port, ttl, org("0012bb", 1, u16(0x003F) + u8(4)), end),  # LLDP-MED
        lldpdu(chassis, port, ttl, org("00005e", 1, b"nobody knows"), tlv(9, b"reserved"), end),
    ]


def bpdu(**fields):
    return bytes(STP(rootmac=MAC1, bridgemac=MAC2, rootid=0x8001, bridgeid=0x8001, portid=0x8002, **fields))


def stps():
    def frame(data):
        return llc(data, 0x42, 0x42, dst=STP_MAC)

    return [
        frame(bpdu(pathcost=4, age=1)),
        frame(bpdu(bpduflags=0x01)),  # topology change
        frame(bpdu(bpduflags=0x80)),  # and its acknowledgment
        frame(bytes.fromhex("00000080")),  # TCN
        *(frame(bpdu(version=2, bpdutype=2, bpduflags=flags) + b"\0") for flags in (0x3C, 0x0E, 0x4C, 0x2D, 0x04)),
        snap("00000c", 0x010B, bpdu() + bytes.fromhex("00000000020001"), dst=CISCO_MAC),  # PVST+
        padded(tags(eth(38, b"\x42\x42\x03" + bpdu(), dst=STP_MAC), (VLAN, 7, 0, 1))),
    ]


def ethernets():
    plain = udp4(40000, 40001, b"ethernet", ttl=64)
    ipv6 = udp6(40000, 40001, b"ethernet")
    long = udp4(40000, 40001, filler(60))
    return [
        plain,
        ipv6,
        eth(0x88B5, b"local experimental"),
        eth(0x9000, u16(0, 0x0100, 0) + bytes(40)),  # loopback test
        eth(0x05FF, b"neither a length nor a type" + bytes(20)),
        padded(plain),
        plain + b"\0" * 6 + b"\x12\x34\x56\x78",
        long + b"trailer",
        long + bytes.fromhex("deadbeef"),
        ipv6 + b"trailer of IPv6",
        padded(tags(plain, (VLAN, 5, 0, 100))),
        tags(plain, (VLAN, 0, 1, 4095)),
        tags(plain, (VLAN, 7, 0, 0)),
        tags(ipv6, (VLAN, 1, 0, 6)),
        tags(plain, (QINQ, 3, 0, 200), (VLAN, 1, 0, 300)),
        tags(plain, (VLAN, 3, 0, 200), (VLAN, 1, 1, 300)),
        tags(plain, (QINQ, 3, 1, 200)),
        tags(ipv6, (QINQ, 3, 0, 200), (VLAN, 1, 0, 300)),
        tags(plain, (QINQ, 0, 0, 1), (QINQ, 0, 0, 2), (VLAN, 0, 0, 3)),
        tags(plain, (0x9100, 3, 0, 200), (VLAN, 1, 0, 300)),
        tags(eth(0x88B5, b"experimental"), (VLAN, 0, 0, 9)),
    ]


def llcs():
    packet = ip4(b"over SNAP", proto=253)
    return [
        llc(b"", 0x00, 0x04, b"\xe3"),  # TEST
        llc(b"\x81\x01\x00", 0x00, 0x04, b"\xaf"),  # XID
        llc(b"", 0x04, 0x05, b"\x01\x08"),  # RR
        llc(b"information", 0x02, 0x02, b"\x02\x04"),
        llc(b"nobody's", 0x9E, 0x9E),
        llc(packet, 0x06, 0x06),  # IP by its SAP
        snap("000000", IPV4, packet),
        snap("000000", 0x0806, bytes(ARP(op=1, hwsrc=MAC1, psrc=A, hwdst=ZERO, pdst=B))),
        snap("000000", IPV6, ip6(59, b"")),
        snap("00005e", 0x0001, b"an unknown protocol"),
        tags(snap("000000", IPV4, packet), (VLAN, 2, 0, 5)),
        llc(b"longer than its length says", 0x9E, 0x9E, length=10),
    ]


def link():
    return ethernets() + llcs() + arps() + lldps() + stps()
