"""Two tun interfaces and the wire between them: tun0 stays in this namespace, tun1 moves to the one that is named."""

import fcntl
import os
import select
import struct
import subprocess
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def tun(name):
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return end


ends = [tun("tun0"), tun("tun1")]
subprocess.check_call(["ip", "link", "set", "tun1", "netns", sys.argv[1]])
print("connected", flush=True)
while True:
    for end in select.select(ends, [], [])[0]:
        other = ends[1 - ends.index(end)]
        try:
            os.write(other, os.read(end, 65536))
        except OSError:
            pass  # One of them is down.
