import type { ReceivedPacket, ReceivedPackets } from "#host/packet-sockets.ts";
import type { RecordWriter } from "#system/linux/packet-write.ts";

/** Reads what a packet socket has received. */
export interface PacketReader {
  /** How long a packet that has come may wait until it can be read, ms. */
  readonly latestMs: number;
  /**
   * Hands over what is there, as much as is good for one turn; `take` returns false to end it. A reader that has many at
   * once calls `takeMany` instead, where it is given. Returns the number of an error that waits on the socket, 0 when
   * nothing is left, MORE when something is.
   */
  drain(take: (packet: ReceivedPacket) => boolean, takeMany?: (packets: ReceivedPackets) => boolean): number;
  /** Throws away what has come until now. May be called from within `take`. */
  discard(): void;
  /** Not from within `take`. Views on the packets are empty afterwards. */
  close(): void;
}

export const MORE = -1;

/** The kinds of packets (sll_pkttype) that are wanted, one bit for each. */
export function wantedKinds({ promiscuous, outgoing }: ReaderLimits): number {
  const unwanted = (promiscuous ? 0 : 1 << PACKET_OTHERHOST) | (outgoing ? 0 : 1 << PACKET_OUTGOING);
  return 0xff & ~unwanted;
}

/** What a reader leaves out or cuts. */
export interface ReaderLimits {
  /** Packets begin with an Ethernet header, in which the kernel's VLAN tag belongs. */
  readonly isEthernet: boolean;
  readonly snapLength: number;
  readonly promiscuous: boolean;
  readonly outgoing: boolean;
}

/** The packets that a socket hands over together, again and again. */
export class PacketSlots implements ReceivedPackets {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly starts = new Uint32Array(MOST_TOGETHER);
  readonly heads = new Uint32Array(MOST_TOGETHER);
  count = 0;

  readonly #writer: RecordWriter;

  /** Of all memory that the packets lie in. */
  constructor(words: Uint32Array, writer: RecordWriter) {
    this.words = words;
    this.bytes = new Uint8Array(words.buffer);
    this.#writer = writer;
  }

  writeRecords(file: number, first: number, stop: number): number {
    return this.#writer.write(file, this, first, stop);
  }

  /** Takes one on, as the `i`th, whose four words begin at `head`; its lengths are not what they say. */
  set(i: number, head: number, { start, stop, originalLength }: PacketSlot): void {
    this.starts[i] = start;
    this.heads[i] = head;
    this.words[head + 2] = stop - start;
    this.words[head + 3] = originalLength;
  }
}

/** So many that calls cost nothing beside them, and few enough that they are still in the processor's cache when read again. */
export const MOST_TOGETHER = 1024;

/** The one packet that a socket hands over, again and again. */
export class PacketSlot implements ReceivedPacket {
  readonly bytes: Uint8Array;
  start = 0;
  stop = 0;
  originalLength = 0;
  seconds = 0;
  nanoseconds = 0;
  outgoing = false;
  checksumPartial = false;
  readonly #limits: ReaderLimits;
  readonly #kinds: number;

  constructor(bytes: Uint8Array, limits: ReaderLimits) {
    this.bytes = bytes;
    this.#limits = limits;
    this.#kinds = wantedKinds(limits);
  }

  /** What kind of packet is it (sll_pkttype), and is that kind wanted? */
  wants(kind: number): boolean {
    this.outgoing = kind === PACKET_OUTGOING;
    return ((this.#kinds >> kind) & 1) !== 0;
  }

  /** Takes over what the kernel says of a packet; the 4 bytes before `start` must be free for a tag. */
  fill(
    start: number,
    length: number,
    originalLength: number,
    status: number,
    tci: number,
    tpid: number,
  ): void {
    const { isEthernet, snapLength } = this.#limits;
    this.start = start;
    this.stop = start + length;
    this.originalLength = originalLength;
    this.checksumPartial = (status & TP_STATUS_CSUMNOTREADY) !== 0;
    if ((status & TP_STATUS_VLAN_VALID) !== 0 && isEthernet) {
      this.#restoreTag((status & TP_STATUS_VLAN_TPID_VALID) === 0 ? 0x8100 : tpid, tci);
    }
    if (this.stop - this.start > snapLength) this.stop = this.start + snapLength;
  }

  #restoreTag(tpid: number, tci: number): void {
    const { bytes } = this;
    this.originalLength += 4;
    // Cut before the place of the tag.
    if (this.stop - this.start < 12) return;
    const start = this.start - 4;
    for (let i = start; i < start + 12; i++) bytes[i] = bytes[i + 4]!;
    bytes[start + 12] = tpid >> 8;
    bytes[start + 13] = tpid;
    bytes[start + 14] = tci >> 8;
    bytes[start + 15] = tci;
    this.start = start;
  }
}

const [PACKET_OTHERHOST, PACKET_OUTGOING] = [3, 4];
export const TP_STATUS_VLAN_VALID = 0x10;
const [TP_STATUS_CSUMNOTREADY, TP_STATUS_VLAN_TPID_VALID] = [8, 0x40];
