"""tcp.pcap: connections, options and flags."""

from frames import *

MSS, SCALE, PERMITTED, SACK, STAMP, UTO, MD5, FASTOPEN = 2, 3, 4, 5, 8, 28, 19, 34
NOP, END = ("NOP", None), ("EOL", None)


class Talk:
    """Two ends that keep their sequence numbers."""

    def __init__(self, sport, dport, options=(), answer=()):
        self.ports, self.hosts, self.next, self.frames = (sport, dport), (A, B), [1000 * sport, 7_000_000], []
        self.send(0, "S", options=options)
        self.send(1, "SA", options=answer)
        self.send(0, "A")

    def send(self, end, flags, data=b"", options=(), **fields):
        seq, ack = self.next[end], self.next[1 - end] if "A" in flags else 0
        ports, hosts = (self.ports, self.hosts) if end == 0 else (self.ports[::-1], self.hosts[::-1])
        frame = tcp4(*ports, flags, seq, ack, data, *hosts, options=list(options), window=64240, **fields)
        self.frames.append(frame)
        self.next[end] += len(data) + ("S" in flags) + ("F" in flags)


def stamp(value, echo):
    return (STAMP, u32(value, echo))


def conversations():
    common = [(MSS, u16(1460)), (PERMITTED, b""), stamp(100, 0), NOP, (SCALE, u8(7))]
    talk = Talk(40000, 7777, common, [(MSS, u16(1400)), NOP, NOP, (PERMITTED, b""), NOP, (SCALE, u8(2))])
    talk.send(0, "PA", b"a request\n")
    talk.send(1, "A")
    talk.send(1, "PA", filler(300))
    talk.send(1, "PA", b"and its end\n")
    talk.send(0, "A")
    talk.send(0, "FA")
    talk.send(1, "FA")
    talk.send(0, "A")
    reset = Talk(40001, 7777, [(MSS, u16(536))])
    reset.send(0, "PA", b"to be reset\n")
    reset.send(1, "RA")
    refused = [tcp4(40002, 7778, "S", 5000, 0), tcp4(7778, 40002, "RA", 0, 5001, src=B, dst=A, window=0)]
    return talk.frames + reset.frames + refused


def options():
    blocks = [u32(2000 + 200 * at, 2100 + 200 * at) for at in range(4)]
    kinds = [
        [(SACK, b"".join(blocks[:count])), NOP, NOP] for count in (1, 2, 3, 4)
    ] + [
        [NOP, NOP, stamp(12345, 12000)],
        [NOP, NOP, stamp(1, 2), NOP, NOP, (SACK, b"".join(blocks[:3]))],
        [NOP, NOP, NOP, END],
        [END],
        [NOP, NOP, (MD5, bytes(range(16)))],
        [(FASTOPEN, b"")],
        [(FASTOPEN, bytes(range(8))), NOP, NOP],
        [(UTO, u16(0x8005))],
        [(UTO, u16(300))],
        [(200, b"unknown")],
        [(254, u16(0xF989) + bytes(range(8)))],
        [(SCALE, u8(15)), NOP],
        [(29, u8(1, 2) + bytes(range(12)))],
    ]
    return [
        tcp4(41000 + at, 7777, "S" if kind[0][0] in (FASTOPEN, SCALE) else "A", 1, 0 if kind[0][0] in (FASTOPEN, SCALE) else 2000, options=kind)
        for at, kind in enumerate(kinds)
    ]


def flags():
    every = ["F", "S", "R", "P", "A", "U", "E", "C", "N", "", "SEC", "SAE", "FPU", "FSRPAUECN"]
    return [
        *(tcp4(42000 + at, 7777, kind, 1, 2 if "A" in kind else 0) for at, kind in enumerate(every)),
        tcp4(43000, 7777, "PAU", 1, 2, b"urgent!then not\n", urgptr=7),
        tcp4(43001, 7777, "A", 1, 2, urgptr=99),
        tcp4(43002, 7777, "PA", 1, 2, b"a bad checksum\n", chksum=0xDEAD),
        tcp4(43003, 7777, "PA", 1, 2, b"no checksum\n", chksum=0),
        tcp4(43004, 7777, "A", 1, 2, window=0),
        tcp4(43005, 7777, "A", 1, 2, reserved=7),
        tcp4(43006, 7777, "A", 0xFFFFFFFF, 0x80000000, b"wraps\n"),
        padded(tcp4(43007, 7777, "A", 1, 2)),
        tcp4(0, 0, "S", 1, 0),
    ]


def tcp():
    return conversations() + options() + flags()
