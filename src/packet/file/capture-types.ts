import type { ByteOrder } from "#packet/file/byte-order.ts";

/** An option of a pcapng block (draft-ietf-opsawg-pcapng 3.5). */
export interface CaptureOption {
  readonly code: number;
  /** Without padding; numbers in it have the byte order of their section. */
  readonly value: Uint8Array;
}

/** Where packets were captured; a pcap file has one, without a name. */
export interface CaptureInterface {
  /** LINKTYPE_ value (www.tcpdump.org/linktypes.html). */
  readonly linkType: number;
  /** Bytes of a packet that were kept at most; 0 for no limit. */
  readonly snapLength: number;
  readonly name?: string;
  readonly description?: string;
  /** Resolution of its timestamps; inexact above 2^53, where the option if_tsresol has it exactly. */
  readonly ticksPerSecond: number;
  /** All of them, those above included. */
  readonly options: readonly CaptureOption[];
  /** Of the numbers in the options. */
  readonly order: ByteOrder;
  /** Index of its section, from 0. */
  readonly section: number;
}

/** A pcapng block that is no packet: section headers, interfaces, names, statistics, secrets, custom and unknown ones. */
export interface CaptureBlock {
  readonly type: number;
  /** What stands between the two lengths, padding and options included. A view: valid during the call only. */
  readonly body: Uint8Array;
  readonly order: ByteOrder;
  readonly section: number;
  /** Index of the section's first interface: what a number of an interface in the body counts from. */
  readonly firstInterface: number;
  /** Its offset in the file. */
  readonly at: number;
}

/** Why no more packets come from a file. */
export interface CaptureProblem {
  /** Offset in the file of the record that is wrong. */
  readonly at: number;
  readonly message: string;
}

/** The packet on which a reader stands. */
export interface PacketFields {
  /**
   * Holds the packet from `start` to `stop`: a chunk that was pushed, or a buffer of the reader. Always a plain
   * Uint8Array; of a chunk that is a Buffer it is a view with the same offsets.
   */
  bytes: Uint8Array;
  start: number;
  stop: number;
  /** Since 1970, UTC; negative only by an interface's if_tsoffset. */
  seconds: number;
  /** 0 to 999,999,999; finer timestamps are rounded down. */
  nanoseconds: number;
  /** False for a simple packet block, which has no timestamp; it is 0 then. */
  timed: boolean;
  /** Bytes that the packet had on the network. */
  originalLength: number;
  /** Index into the reader's interfaces. */
  interfaceIndex: number;
  linkType: number;
  /** Its place in the file, from 1. */
  number: number;
  /** Where its encoded options stand in `bytes`; none when both are equal. */
  optionsStart: number;
  optionsStop: number;
}
