"""Reads every field of every layer of the first packets of a capture with Scapy: values.py FILE COUNT."""

import sys

from scapy.layers.l2 import Ether
from scapy.layers import dns, inet, inet6  # noqa: F401
from scapy.contrib import ospf  # noqa: F401
from scapy.packet import NoPayload, Packet
from scapy.utils import RawPcapReader


def touch(packet):
    count = 0
    while packet is not None and not isinstance(packet, NoPayload):
        for field in packet.fields_desc:
            value = packet.getfieldval(field.name)
            count += 1
            if isinstance(value, Packet):
                count += touch(value)
            elif isinstance(value, list):
                for each in value:
                    if isinstance(each, Packet):
                        count += touch(each)
        packet = packet.payload
    return count


packets = values = 0
wanted = int(sys.argv[2])
for data, _ in RawPcapReader(sys.argv[1]):
    if packets == wanted:
        break
    packets += 1
    values += touch(Ether(data))
print(packets, values)
