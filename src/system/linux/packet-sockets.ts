import type { PacketSockets } from "#host/packet-sockets.ts";
import { loadNative } from "#system/linux/native.ts";
import { LinuxPacketSocket } from "#system/linux/packet-socket.ts";

export function linuxPacketSockets(): PacketSockets {
  return { open: async (options, handlers) => new LinuxPacketSocket(native, options, handlers) };
}

// Once: loading makes machine code that is never given back.
const native = loadNative();
