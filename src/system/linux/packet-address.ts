import { OperatorError } from "#base/operator-error.ts";
import { ERRNO, type Native } from "#system/linux/native.ts";
import { AF_PACKET, noInterface, refused } from "#system/linux/socket-options.ts";

/** A packet socket takes what comes on an interface: everything, or, with protocol 0, nothing yet. */
export function bindToLink(
  native: Native,
  descriptor: number,
  index: number,
  protocol: number,
  name: string,
): void {
  const address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
  address.setUint16(0, AF_PACKET, true);
  address.setUint16(2, protocol); // in network order
  address.setInt32(4, index, true);
  if (native.bind(descriptor, new Uint8Array(address.buffer), ADDRESS_BYTES) === 0) return;
  const error = native.errno();
  throw error === ERRNO.ENODEV || error === ERRNO.ENXIO
    ? noInterface(name)
    : refused(`a packet socket on ${name}`, error);
}

/** What a packet socket is bound to; the index is -1 once the interface is gone. */
export function boundLink(native: Native, descriptor: number): { index: number; hardwareType: number } {
  const address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
  const length = new Uint8Array(Int32Array.of(ADDRESS_BYTES).buffer);
  native.getsockname(descriptor, new Uint8Array(address.buffer), length);
  return { index: address.getInt32(4, true), hardwareType: address.getUint16(8, true) };
}

/** LINKTYPE_ value for an interface's ARPHRD_ value. Throws OperatorError for media that nothing here can read. */
export function linkTypeOf(hardwareType: number, name: string): number {
  if (ETHERNET.has(hardwareType)) return LINKTYPE_ETHERNET;
  if (WITHOUT_HEADER.has(hardwareType)) return LINKTYPE_RAW;
  throw new OperatorError(
    `packets of the interface ${name} cannot be read: its hardware type ${hardwareType} is not supported`,
    "Ethernet, loopback and IP tunnels are",
  );
}

/** ETH_P_ALL. */
export const EVERY_PROTOCOL = 3;
/** struct sockaddr_ll. */
const ADDRESS_BYTES = 20;
/** Ethernet, and loopback, whose packets have an Ethernet header without addresses. */
const ETHERNET: ReadonlySet<number> = new Set([1, 772]);
/** PPP, RAWIP, TUNNEL, TUNNEL6, SIT, IPGRE, IP6GRE, NONE: packets begin with the IP header. */
const WITHOUT_HEADER: ReadonlySet<number> = new Set([512, 519, 768, 769, 776, 778, 823, 65_534]);
const [LINKTYPE_ETHERNET, LINKTYPE_RAW] = [1, 101];
