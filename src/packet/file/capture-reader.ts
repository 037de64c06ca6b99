import { uint16, uint32, type ByteOrder } from "#packet/file/byte-order.ts";
import type {
  CaptureBlock,
  CaptureInterface,
  CaptureOption,
  CaptureProblem,
  PacketFields,
} from "#packet/file/capture-types.ts";
import { ChunkQueue } from "#packet/file/chunk-queue.ts";
import { MAX_BLOCK_BYTES, MAX_INTERFACE_BYTES, MAX_INTERFACES, maxPacketBytes } from "#packet/file/limits.ts";
import { COMMENT, optionText, parseOptions } from "#packet/file/options.ts";
import {
  BLOCK_FRAME,
  BYTE_ORDER_MAGIC,
  INTERFACE_DESCRIPTION,
  isPacketBlock,
  parseInterface,
  readPacket,
  SECTION_BYTES,
  SECTION_HEADER,
  type Section,
} from "#packet/file/pcapng-blocks.ts";
import { pcapMagic, sniffCapture } from "#packet/file/sniff-capture.ts";

export type { CaptureBlock, CaptureInterface, CaptureOption, CaptureProblem, PacketFields };

const PCAP_HEADER = 24;
const NO_SECTION: Section = { index: -1, little: true, firstInterface: 0, interfaces: [], clocks: [] };

export interface CaptureReaderOptions {
  /**
   * Called inside next() for every pcapng block that is no packet, in the order of the file: those before packet 1 come
   * before next() returns it. Section headers and interfaces too, after the reader has taken them over.
   */
  readonly onBlock?: (block: CaptureBlock) => void;
}

/**
 * Cursor over the packets of a pcap (draft-ietf-opsawg-pcap) or pcapng (draft-ietf-opsawg-pcapng) file of any size:
 * push chunks, call next() until it is false, push more. A packet's bytes and fields hold until the next call of next()
 * or push(). Never throws over what the file holds; after a problem no more packets come.
 */
export class CaptureReader implements PacketFields {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  stop = 0;
  seconds = 0;
  nanoseconds = 0;
  timed = true;
  originalLength = 0;
  interfaceIndex = 0;
  linkType = 0;
  number = 0;
  optionsStart = 0;
  optionsStop = 0;

  readonly #input = new ChunkQueue();
  readonly #onBlock: ((block: CaptureBlock) => void) | undefined;
  readonly #interfaces: CaptureInterface[] = [];
  #format: "pcap" | "pcapng" | undefined;
  #problem: CaptureProblem | undefined;

  // pcap
  #fast = false; // a file of the common kind: next() reads it by itself
  #little = true;
  #recordHeader = 16;
  #maxPacket = 0;
  #fractions = 0; // in one second
  #scale = 0; // nanoseconds of one fraction
  #swappedLengths = false;

  // pcapng
  #section = NO_SECTION;
  #interfaceBytes = 0;

  constructor(options: CaptureReaderOptions = {}) {
    this.#onBlock = options.onBlock;
  }

  /** undefined until the first bytes were read by next(). */
  get format(): "pcap" | "pcapng" | undefined {
    return this.#format;
  }

  /** Of all sections, in the order of the file; grows as it is read. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#interfaces;
  }

  /** Why the file could not be read to its end. Every whole packet before it was given. */
  get problem(): CaptureProblem | undefined {
    return this.#problem;
  }

  /** True when nothing more will come: the end was reached, or there is a problem. */
  get done(): boolean {
    return this.#problem !== undefined || (this.#input.ended && !this.#input.have(1));
  }

  /** Offset in the file of what follows the packet. */
  get position(): number {
    return this.#input.base + this.#input.at;
  }

  /** Byte order of the file or of the section in which it stands: of the numbers in options(). */
  get order(): ByteOrder {
    return this.#little ? "little" : "big";
  }

  /** Hands over the next bytes of the file. They must stay as they are until next() has returned false. */
  push(chunk: Uint8Array): void {
    if (this.#problem === undefined) this.#input.push(chunk);
  }

  /** The file has no more bytes; next() still gives what is left. */
  end(): void {
    this.#input.ended = true;
  }

  /** Moves to the next packet. False when a push is needed, or when `done`. */
  next(): boolean {
    if (!this.#fast) return this.#advance();
    const input = this.#input;
    const data = input.data;
    const at = input.at;
    const start = at + 16;
    if (start > input.filled) return this.#advance();
    const included = data[at + 8]! | (data[at + 9]! << 8) | (data[at + 10]! << 16) | (data[at + 11]! << 24);
    const fraction = data[at + 4]! | (data[at + 5]! << 8) | (data[at + 6]! << 16) | (data[at + 7]! << 24);
    const stop = start + included;
    // Anything unusual goes the slow way; as signed integers, absurd values are below 0.
    if (included < 0 || included > this.#maxPacket || stop > input.filled) return this.#advance();
    if (fraction < 0 || fraction >= this.#fractions) return this.#advance();
    this.bytes = data;
    this.start = start;
    this.stop = stop;
    this.seconds = (data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)) >>> 0;
    this.nanoseconds = fraction * this.#scale;
    this.originalLength =
      (data[at + 12]! | (data[at + 13]! << 8) | (data[at + 14]! << 16) | (data[at + 15]! << 24)) >>> 0;
    this.number++;
    input.at = stop;
    return true;
  }

  /** The packet's pcapng options, copied; the numbers in them have the reader's `order`. None in pcap. */
  options(): readonly CaptureOption[] {
    return parseOptions(this.bytes, this.optionsStart, this.optionsStop, this.#little);
  }

  /** The packet's comments. */
  comments(): readonly string[] {
    if (this.optionsStart === this.optionsStop) return [];
    return this.options()
      .filter(({ code }) => code === COMMENT)
      .map(optionText);
  }

  #advance(): boolean {
    if (this.#problem !== undefined) return false;
    if (this.#format === undefined && !this.#begin()) return false;
    return this.#format === "pcap" ? this.#nextRecord() : this.#nextPacketBlock();
  }

  /** Looks at the first bytes of the file; false when there are too few yet, or wrong ones. */
  #begin(): boolean {
    const input = this.#input;
    if (!input.have(4)) {
      if (input.ended) this.#fail(input.left === 0 ? "the file is empty" : "the file ends before its format");
      return false;
    }
    const kind = sniffCapture(input.data.subarray(input.at, input.at + 4));
    if (kind === undefined) return this.#fail("the file is neither pcap nor pcapng");
    if (kind === "gzip") return this.#fail("the file is compressed by gzip");
    if (kind === "pcap") return this.#beginPcap();
    this.#format = "pcapng";
    return true;
  }

  /** File header (draft-ietf-opsawg-pcap 4). */
  #beginPcap(): boolean {
    const input = this.#input;
    if (!input.have(PCAP_HEADER)) return this.#short("its header", PCAP_HEADER);
    const { data, at } = input;
    const magic = pcapMagic(data, at)!;
    const { little, nanoseconds, recordHeader } = magic;
    const major = uint16(data, at + 4, little);
    const minor = uint16(data, at + 6, little);
    if (major !== 2) return this.#fail(`the file has pcap version ${major}.${minor}; known is 2`);
    this.#little = little;
    this.#recordHeader = recordHeader;
    this.#fractions = nanoseconds ? 1_000_000_000 : 1_000_000;
    this.#scale = nanoseconds ? 1 : 1_000;
    // Before 2.3 the lengths stood the other way round, in 2.3 they may (libpcap, sf-pcap.c); the longer is the original.
    this.#swappedLengths = minor <= 3;
    this.linkType = uint32(data, at + 20, little) & 0xffff; // above them: the length of the frame check sequence
    this.#maxPacket = maxPacketBytes(this.linkType);
    this.#fast = little && recordHeader === 16 && !this.#swappedLengths;
    this.#interfaces.push({
      linkType: this.linkType,
      snapLength: uint32(data, at + 16, little),
      ticksPerSecond: this.#fractions,
      options: [],
      order: this.order,
      section: 0,
    });
    input.at += PCAP_HEADER;
    this.#format = "pcap";
    return true;
  }

  /** One pcap packet of any kind (draft-ietf-opsawg-pcap 5). */
  #nextRecord(): boolean {
    const input = this.#input;
    const header = this.#recordHeader;
    const little = this.#little;
    if (!input.have(header)) return this.#short(`packet ${this.number + 1}`, header, "at least ");
    let included = uint32(input.data, input.at + 8, little);
    let original = uint32(input.data, input.at + 12, little);
    if (this.#swappedLengths && included > original) [included, original] = [original, included];
    if (included > this.#maxPacket)
      return this.#failPacket(`claims ${included} bytes; the most is ${this.#maxPacket}`);
    if (!input.have(header + included)) return this.#short(`packet ${this.number + 1}`, header + included);
    const { data, at } = input;
    const fraction = uint32(data, at + 4, little);
    const carried = Math.floor(fraction / this.#fractions); // 0 but in a broken file
    this.seconds = uint32(data, at, little) + carried;
    this.nanoseconds = (fraction - carried * this.#fractions) * this.#scale;
    this.originalLength = original;
    this.bytes = data;
    this.start = at + header;
    this.stop = this.start + included;
    this.number++;
    input.at = this.stop;
    return true;
  }

  /** Walks blocks up to and with the next packet. */
  #nextPacketBlock(): boolean {
    const input = this.#input;
    while (input.have(BLOCK_FRAME)) {
      const type = uint32(input.data, input.at, this.#section.little);
      const isSection = type === SECTION_HEADER; // reads the same in both orders
      const little = isSection ? this.#sectionOrder() : this.#section.little;
      if (little === undefined) return false;
      const total = uint32(input.data, input.at + 4, little);
      if (total % 4 !== 0 || total < (isSection ? SECTION_BYTES : BLOCK_FRAME) || total > MAX_BLOCK_BYTES)
        return this.#fail(`${this.#what(type)} ${this.#place()} claims a block of ${total} bytes`);
      if (!input.have(total)) return this.#short(this.#what(type), total);
      const { data, at } = input;
      const trailing = uint32(data, at + total - 4, little);
      if (trailing !== total)
        return this.#fail(`${this.#what(type)} ${this.#place()} has the lengths ${total} and ${trailing}`);
      if (isPacketBlock(type)) {
        const wrong = readPacket(this, this.#section, type, data, at, total);
        if (wrong !== undefined) return this.#failPacket(wrong);
        this.number++;
        input.at += total;
        return true;
      }
      if (isSection && !this.#beginSection(little)) return false;
      if (type === INTERFACE_DESCRIPTION && !this.#addInterface(total)) return false;
      input.at += total;
      this.#tell(type, data, at, total);
    }
    return this.#short("a block", BLOCK_FRAME, "at least ");
  }

  /** Whether the section header at the cursor is little endian; a problem when it is neither. */
  #sectionOrder(): boolean | undefined {
    const { data, at } = this.#input;
    if (uint32(data, at + 8, true) === BYTE_ORDER_MAGIC) return true;
    if (uint32(data, at + 8, false) === BYTE_ORDER_MAGIC) return false;
    this.#fail(`the section header ${this.#place()} has no byte-order magic`);
    return undefined;
  }

  /** Section header block (4.1). Its length of the section is ignored: it is seldom told, and blocks tell theirs. */
  #beginSection(little: boolean): boolean {
    const { data, at } = this.#input;
    const major = uint16(data, at + 12, little);
    const minor = uint16(data, at + 14, little);
    if (major !== 1)
      return this.#fail(`the section ${this.#place()} has pcapng version ${major}.${minor}; known is 1`);
    this.#little = little;
    this.#section = {
      index: this.#section.index + 1,
      little,
      firstInterface: this.#interfaces.length,
      interfaces: [],
      clocks: [],
    };
    return true;
  }

  #addInterface(total: number): boolean {
    const { data, at } = this.#input;
    this.#interfaceBytes += total;
    if (this.#interfaces.length >= MAX_INTERFACES || this.#interfaceBytes > MAX_INTERFACE_BYTES)
      return this.#fail(`the interface ${this.#place()} is one too many`);
    const body = data.subarray(at + 8, at + total - 4);
    const parsed = parseInterface(body, this.order, this.#section.index);
    if (parsed === undefined)
      return this.#fail(`the interface ${this.#place()} has a block of ${total} bytes`);
    this.#interfaces.push(parsed.interface);
    this.#section.interfaces.push(parsed.interface);
    this.#section.clocks.push(parsed.clock);
    return true;
  }

  #tell(type: number, data: Uint8Array, at: number, total: number): void {
    this.#onBlock?.({
      type,
      body: data.subarray(at + 8, at + total - 4),
      order: this.order,
      section: this.#section.index,
      firstInterface: this.#section.firstInterface,
      at: this.#input.base + at,
    });
  }

  #what(type: number): string {
    return isPacketBlock(type) ? `packet ${this.number + 1}` : `a block of type ${type}`;
  }

  #place(): string {
    return `(byte ${this.position})`;
  }

  #failPacket(what: string): false {
    return this.#fail(`packet ${this.number + 1} ${this.#place()} ${what}`);
  }

  /** Too few bytes are there: a problem only when no more will come and a record has begun. */
  #short(what: string, wanted: number, least = ""): false {
    const { ended, left } = this.#input;
    if (ended && (left > 0 || this.#format === undefined))
      this.#fail(`the file ends inside ${what} ${this.#place()}: it has ${left} of ${least}${wanted} bytes`);
    return false;
  }

  #fail(message: string): false {
    this.#problem = { at: this.position, message };
    this.#fast = false;
    this.#input.drop();
    return false;
  }
}
