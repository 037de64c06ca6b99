import type { Address } from "#base/address.ts";

/** An IPv4 packet to send; its header is made of this. */
export interface RawIpPacket {
  readonly destination: Address;
  /** One of this machine's addresses; absent: the interface's, as the system chooses. */
  readonly source?: Address;
  /** Absent: 1 to a group, 64 to one machine. */
  readonly ttl?: number;
  /** Type of service; absent: that of the socket. */
  readonly tos?: number;
  readonly payload: Uint8Array;
}

export interface RawIpHandlers {
  /** One packet, put together if it came in fragments, from its IPv4 header on; valid only during the call. */
  received(packet: Uint8Array, interfaceName: string): void;
  /** The interface is gone for good, or the socket failed; it is closed. Going down is no failure. */
  failed(error: Error): void;
}

export interface RawIpOptions {
  /** Of the IP header: 89 for OSPF. */
  readonly protocol: number;
  /** Name of the interface; packets come and go by it only. */
  readonly interface: string;
  /** Type of service of what is sent; absent: 0xc0, internetwork control (RFC 2328 4.3, RFC 791). */
  readonly tos?: number;
}

export interface RawIpSender {
  /**
   * Hands one packet to the network, which may lose it. Returns undefined, or the system's word for why it was not taken:
   * "ENETUNREACH", "EMSGSIZE", "ENETDOWN", ….
   */
  send(packet: RawIpPacket): string | undefined;
  close(): void;
}

export interface RawIpSocket extends RawIpSender {
  /** Receives what is sent to a multicast group, too. Throws Error when the system refuses. */
  join(group: Address): void;
  leave(group: Address): void;
}

/** IPv4 with a protocol of one's own. */
export interface RawIp {
  /**
   * Opens a socket for what comes with a protocol number on one interface. Rejects with an OperatorError that names what
   * is missing: the interface, or a capability.
   */
  open(options: RawIpOptions, handlers: RawIpHandlers): Promise<RawIpSocket>;
  /**
   * Opens a socket that only sends, by whatever interface leads to the destination, as virtual links need it; answers
   * come to the socket of the interface they arrive on.
   */
  openSender(options: Omit<RawIpOptions, "interface">): Promise<RawIpSender>;
}
