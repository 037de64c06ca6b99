"""quoted.pcap: ICMP errors that quote more than they must, and resets that say why."""

from scapy.layers.inet import IP, TCP, UDP
from scapy.packet import Raw

from frames import *


def quotes():
    """The kinds of packets that an error quotes whole, and what Wireshark shows of them."""
    datagram = IP(src=B, dst=C) / UDP(sport=40000, dport=40001)
    segment = IP(src=B, dst=C) / TCP(sport=40000, dport=40001, flags="A", seq=7, ack=9)
    question = IP(src=B, dst=C) / UDP(sport=40000, dport=53) / Raw(u16(7, 0x0100, 1, 0, 0, 0) + b"\x01a\0" + u16(1, 1))
    routed = IP(src=B, dst=C, options=b"\x94\x04\0\0") / UDP(sport=40000, dport=40001)
    packets = [datagram / Raw(filler(length)) for length in (1, 8, 40)]
    packets += [segment / Raw(filler(12)), question, routed / Raw(filler(9))]
    return [bytes(packet) for packet in packets]


def error(type, rest, packet):
    return eth4(summed(u8(type, 0) + u16(0) + rest + packet, 2), src=B, dst=A, proto=1)


def quoted():
    resets = [b"no such service", b"\xc3\xa9t\xe9 \xff", b"zero\0inside"]
    six = sum6(6, u16(80, 50000) + u32(1, 2) + u8(0x50, 0x14) + u16(0, 0, 0) + b"not now", 16, A6, B6)
    return [
        *(error(type, u32(0), packet) for type in (3, 4, 11, 12) for packet in quotes()[2:5]),
        *(error(5, addr(C), packet) for packet in quotes()),
        error(5, addr(C), quotes()[1][:24]),
        *(tcp4(80, 50000, "RA", 1, 2, cause) for cause in resets),
        tcp4(53, 50000, "R", 1, 0, b"refused"),
        tcp4(80, 50000, "R", 1, 0),
        eth(IPV6, u32(0x60000000) + u16(len(six)) + u8(6, 64) + addr(A6) + addr(B6) + six, MAC1, MAC2),
    ]
