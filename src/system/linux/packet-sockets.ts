import type { PacketSockets } from "#host/packet-sockets.ts";
import { sharedNative } from "#system/linux/native.ts";
import { LinuxPacketSocket } from "#system/linux/packet-socket.ts";

export function linuxPacketSockets(): PacketSockets {
  return { open: async (options, handlers) => new LinuxPacketSocket(sharedNative(), options, handlers) };
}
