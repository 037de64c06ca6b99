import { loadNative } from "#system/linux/native.ts";
import { NetlinkSocket } from "#system/linux/netlink-socket.ts";

/** Opens and closes a netlink socket. Throws Error when node:ffi or the kernel refuses. */
export function probeNetlink(): void {
  new NetlinkSocket(loadNative(), 0, { received: () => {}, overflowed: () => {}, drained: () => {} }).close();
}
