#!/usr/bin/env python3
"""Writes the captures in test/captures/. The same bytes each time; needs Scapy (apt: python3-scapy).

    python3 tools/captures/make.py [folder]
"""

import logging
import sys
from pathlib import Path

sys.dont_write_bytecode = True
# Another Python than the system's does not look where apt puts its packages.
sys.path.append("/usr/lib/python3/dist-packages")
logging.getLogger("scapy").setLevel(logging.ERROR)

import app
import damage
import dhcp
import dns
import ipv4
import ipv6
import link
import other
import quoted
import tcp
from frames import COOKED, COOKED2, LOOP, NULL, RAW, pcap

LIMIT_BYTES = 200_000


def some(frames, *numbers):
    """By the numbers that tshark shows, from 1."""
    return [frames[number - 1] for number in numbers]


def captures():
    made = dict(link=link.link(), ipv4=ipv4.ipv4(), ipv6=ipv6.ipv6(), tcp=tcp.tcp())
    made.update(dns=dns.dns(), dhcp=dhcp.dhcp(), app=app.app())
    good = list(made.values())
    mixed = some(made["ipv4"], 3, 22, 80, 120) + some(made["ipv6"], 1, 29, 40, 56) + some(made["tcp"], 1, 4)
    mixed += some(made["dns"], 2, 3) + some(made["dhcp"], 1) + some(made["app"], 1, 2, 40)
    odd = [link.arps()[0], link.arps()[2], link.stps()[0], link.ethernets()[10], link.ethernets()[14], link.ethernets()[2]]
    both = mixed + ipv6.neighbours()[:2]
    return [
        *((name, frames) for name, frames in made.items()),
        ("cooked", other.cooked(mixed + odd), COOKED),
        ("cooked2", other.cooked2(mixed + odd), COOKED2),
        ("raw", other.packets(both), RAW),
        ("null", other.families(both, "<"), NULL),
        ("loop", other.families(both, ">"), LOOP),
        ("errors", damage.errors(good)),
        ("cut", damage.cut(good)),
        ("dns-tcp", dns.streams()),
        ("quoted", quoted.quoted()),
    ]


def main():
    root = Path(__file__).resolve().parents[2]
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "test" / "captures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, frames, *kind in captures():
        data = pcap(frames, *kind)
        assert len(data) < LIMIT_BYTES, f"{name} has {len(data)} bytes"
        (folder / f"{name}.pcap").write_bytes(data)
        print(f"{name}.pcap: {len(frames)} frames, {len(data)} bytes")


main()
