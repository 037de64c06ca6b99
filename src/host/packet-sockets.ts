import type { BpfProgram } from "#base/bpf.ts";

/** A packet as a socket hands it over. One object is used again and again: it holds during the call only. */
export interface ReceivedPacket {
  /** Holds the packet from `start` to `stop`, VLAN tags included that the kernel had taken out. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly stop: number;
  /** Bytes on the wire. */
  readonly originalLength: number;
  /** When it came: seconds since 1970, and nanoseconds on top. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** This machine sent it. */
  readonly outgoing: boolean;
  /** Hardware was to fill the checksum in: what the packet has for one is no error. */
  readonly checksumPartial: boolean;
}

/**
 * Packets that came together, each as in ReceivedPacket. Used again and again: it holds during the call only. What is known
 * of a packet lies where the kernel wrote it: who does not need it does not pay for it.
 */
export interface ReceivedPackets {
  readonly count: number;
  /** Holds all of them: packet `i` begins at starts[i]. */
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** All of the same memory, in this machine's byte order. */
  readonly words: Uint32Array;
  /**
   * Four words are known of packet `i`, from words[heads[i]] on: seconds since 1970, nanoseconds on top, bytes that were
   * kept, bytes on the wire.
   */
  readonly heads: Uint32Array;
  // Whoever gets them may move what is in `starts` and `heads`.
  /**
   * Writes the packets from `first` up to `stop` to an open file, each behind its four words as they lie, which is what a
   * pcap file of nanoseconds in this machine's byte order holds: without the copy that others make first. Returns how many
   * of these bytes the file did not take; then the 16 before each packet in `bytes` are its words.
   */
  writeRecords?(file: number, first: number, stop: number): number;
}

/** What a socket tells its owner; after `close` nothing more. */
export interface PacketHandlers {
  /** May close the socket. What it or `drained` throws ends the socket and comes back to `failed`. */
  received(packet: ReceivedPacket): void;
  /** A socket in bulk mode may call this instead, where it is given: it costs less. What `received` may do it may, too. */
  receivedMany?(packets: ReceivedPackets): void;
  /** All that was waiting, or as much of it as is good for one turn, has been handed over. */
  drained?(): void;
  /**
   * The interface is gone for good, or the socket failed; it is closed. An interface that goes down and comes up again
   * is no failure: meanwhile there are no packets.
   */
  failed(error: Error): void;
}

export interface PacketSocketOptions {
  /** Name of the interface. */
  readonly interface: string;
  /** latency: each packet as it comes; bulk: many at once from a ring, a quarter of a second later at most. */
  readonly mode: "latency" | "bulk";
  /** Also what is not addressed to this machine; without it that is left out even where the interface shows it. */
  readonly promiscuous?: boolean;
  /** Also what this machine sends, except by this socket. */
  readonly outgoing?: boolean;
  /** Runs in the kernel: only what it accepts comes. */
  readonly filter?: BpfProgram;
  /** Bytes kept of a packet at most; absent: as many as readers of capture files take, 262,144. */
  readonly snapLength?: number;
  /** Sockets of one group (0 to 65,535) share the packets, by the flow's hash. */
  readonly fanoutGroup?: number;
  /** Room for packets that have come and are not read yet; what finds none is dropped and counted. */
  readonly bufferBytes?: number;
  /**
   * What `sendStored` sends up to so many bytes, which the interface must be able to carry, may go straight to its driver,
   * where that is possible: faster, but past queueing disciplines and those who listen on this interface.
   */
  readonly directBytes?: number;
}

export interface PacketSocketStatistics {
  /** Packets that passed the filter, the dropped ones included, since the socket was opened. */
  readonly received: number;
  /** Packets that found no room. */
  readonly dropped: number;
  /** Packets that went straight to the driver, and that it did not take: without a carrier, or down. */
  readonly lost?: number;
}

/** Packets one behind the other: packet `i` is bytes[starts[i], starts[i + 1]). */
export interface StoredPackets {
  readonly bytes: Uint8Array;
  readonly starts: Float64Array;
}

export interface PacketSocket {
  /** LINKTYPE_ value of what its packets start with. */
  readonly linkType: number;
  /** A packet that has come is handed over so many milliseconds later at most; whoever wants the last ones waits for them. */
  readonly latestMs: number;
  /**
   * Sends packets, link headers included, in their order; returns how many the kernel took: fewer while its queue is full
   * or the interface is down. Throws Error when the first can never be sent, because it is too long or too short.
   */
  send(packets: readonly Uint8Array[]): number;
  /** The same for the packets from `first` up to `stop` of many; costs less. */
  sendStored?(packets: StoredPackets, first: number, stop: number): number;
  /**
   * Another filter from now on, undefined: everything. What the one before let through and nobody has read is thrown
   * away. Throws Error when the kernel refuses it; then the one before stays.
   */
  setFilter(filter: BpfProgram | undefined): void;
  statistics(): PacketSocketStatistics;
  close(): void;
}

/** Sockets for whole packets, below IP. */
export interface PacketSockets {
  /** Rejects with an OperatorError that names what is missing: the interface, or a capability. */
  open(options: PacketSocketOptions, handlers: PacketHandlers): Promise<PacketSocket>;
}
