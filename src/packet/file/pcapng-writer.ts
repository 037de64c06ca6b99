import { assert } from "#base/assert.ts";
import { padded, putUint16, putUint32, uint32, type ByteOrder } from "#packet/file/byte-order.ts";
import { ByteSink } from "#packet/file/byte-sink.ts";
import type { CaptureOption } from "#packet/file/capture-types.ts";
import { NANOSECONDS, resolutionOf, setTicks, type Clock, type Ticks } from "#packet/file/clock.ts";
import { convertBody, convertOptions } from "#packet/file/convert-block.ts";
import { MAX_BLOCK_BYTES } from "#packet/file/limits.ts";
import {
  appendOptions,
  COMMENT,
  IF_DESCRIPTION,
  IF_NAME,
  IF_TSRESOL,
  parseOptions,
  textOption,
} from "#packet/file/options.ts";
import {
  BLOCK_FRAME,
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  INTERFACE_DESCRIPTION,
  INTERFACE_STATISTICS,
  optionsClock,
  parseInterface,
  SECTION_HEADER,
} from "#packet/file/pcapng-blocks.ts";

/** An interface to write; a CaptureInterface of a reader is one. */
export interface InterfaceDescription {
  readonly linkType: number;
  /** 0, for no limit, when left out. Packets are not cut at it. */
  readonly snapLength?: number;
  /** Instead of the option if_name. */
  readonly name?: string;
  readonly description?: string;
  /** A power of 10 or of 2; left out: what the option if_tsresol tells, or else nanoseconds. */
  readonly ticksPerSecond?: number;
  readonly options?: readonly CaptureOption[];
  /** Of the numbers in `options`; the writer's own when left out. */
  readonly order?: ByteOrder;
}

/** What a packet may have besides its bytes. */
export interface PacketExtras {
  /** Written in front of `options`, which may hold more of them. */
  readonly comments?: readonly string[];
  readonly options?: readonly CaptureOption[];
  /** Of the numbers in `options`; the writer's own when left out. */
  readonly order?: ByteOrder;
}

/** Where a raw block comes from; a CaptureBlock of a reader is one. */
export interface BlockSource {
  /** The writer's own when left out. */
  readonly order?: ByteOrder;
  /** Index of the interface that its number 0 means; that of the writer's section when left out. */
  readonly firstInterface?: number;
}

export interface PcapngWriterOptions {
  /** "little" when left out. */
  readonly order?: ByteOrder;
}

const PACKET_HEAD = 28; // of an enhanced packet block, up to the packet
const NO_EXTRAS: PacketExtras = {};

/**
 * Makes a pcapng file (draft-ietf-opsawg-pcapng): section(), its interfaces, then packets and other blocks. Each comes
 * as an array of its own, or many together by the methods that append and take(). Interfaces count over all sections,
 * as a reader's do, so that a copy that keeps their order keeps their numbers.
 */
export class PcapngWriter {
  /** Packets whose time their interface cannot tell; they got the nearest one that it can. */
  clampedTimes = 0;
  readonly #sink = new ByteSink();
  readonly #order: ByteOrder;
  readonly #little: boolean;
  readonly #ticks: Ticks = { high: 0, low: 0 };
  #hasSection = false;
  #firstInterface = 0;
  #clocks: Clock[] = []; // of the section's interfaces

  constructor(options: PcapngWriterOptions = {}) {
    this.#order = options.order ?? "little";
    this.#little = this.#order === "little";
  }

  /** Bytes that take() would return. */
  get size(): number {
    return this.#sink.size;
  }

  /** Interfaces written, over all sections. */
  get interfaceCount(): number {
    return this.#firstInterface + this.#clocks.length;
  }

  /** What was appended since the last call. */
  take(): Uint8Array {
    return this.#sink.take();
  }

  /** The same, shown to `use` during that call only: without a copy. */
  handOver(use: (bytes: Uint8Array) => void): void {
    this.#sink.handOver(use);
  }

  section(options: readonly CaptureOption[] = [], order?: ByteOrder): Uint8Array {
    const from = this.#sink.size;
    this.appendSection(options, order);
    return this.#sink.take(from);
  }

  interface(description: InterfaceDescription): Uint8Array {
    const from = this.#sink.size;
    this.appendInterface(description);
    return this.#sink.take(from);
  }

  packet(
    interfaceIndex: number,
    bytes: Uint8Array,
    start: number,
    stop: number,
    seconds: number,
    nanoseconds: number,
    originalLength: number,
    extras: PacketExtras = NO_EXTRAS,
  ): Uint8Array {
    const from = this.#sink.size;
    this.append(interfaceIndex, bytes, start, stop, seconds, nanoseconds, originalLength, extras);
    return this.#sink.take(from);
  }

  /** undefined when the block cannot be kept; see appendBlock(). */
  block(type: number, body: Uint8Array, source: BlockSource = {}): Uint8Array | undefined {
    const from = this.#sink.size;
    return this.appendBlock(type, body, source) ? this.#sink.take(from) : undefined;
  }

  /** A section header (4.1), with which every file begins. `order` is that of numbers in `options`. */
  appendSection(options: readonly CaptureOption[] = [], order: ByteOrder = this.#order): void {
    this.#firstInterface = this.interfaceCount;
    this.#clocks = [];
    this.#hasSection = true;
    const at = this.#begin(SECTION_HEADER, 16);
    const { bytes } = this.#sink;
    putUint32(bytes, at, BYTE_ORDER_MAGIC, this.#little);
    putUint16(bytes, at + 4, 1, this.#little);
    putUint16(bytes, at + 6, 0, this.#little);
    bytes.fill(0xff, at + 8, at + 16); // the length of the section is not told
    this.#appendOptions(SECTION_HEADER, options, order);
    this.#finish(at);
  }

  /** An interface (4.2) of the section; returns its index over all sections. */
  appendInterface(description: InterfaceDescription): number {
    const { linkType, snapLength = 0, name, description: text, order = this.#order } = description;
    assert(this.#hasSection, "an interface in front of the section header");
    const options = this.#inOwnOrder(INTERFACE_DESCRIPTION, description.options ?? [], order);
    const told = options.find(({ code }) => code === IF_TSRESOL)?.value;
    const resolution = resolutionByte(description.ticksPerSecond, told);
    const replaced: CaptureOption[] = [{ code: IF_TSRESOL, value: Uint8Array.of(resolution) }];
    if (name !== undefined) replaced.push(textOption(IF_NAME, name));
    if (text !== undefined) replaced.push(textOption(IF_DESCRIPTION, text));
    const kept = options.filter(({ code }) => !replaced.some((each) => each.code === code));
    const all = [...replaced, ...kept];
    const at = this.#begin(INTERFACE_DESCRIPTION, 8);
    putUint16(this.#sink.bytes, at, linkType, this.#little);
    putUint16(this.#sink.bytes, at + 2, 0, this.#little);
    putUint32(this.#sink.bytes, at + 4, snapLength, this.#little);
    appendOptions(this.#sink, all, this.#little);
    this.#finish(at);
    this.#clocks.push(optionsClock(all, this.#order));
    return this.interfaceCount - 1;
  }

  /**
   * An enhanced packet block (4.3) of bytes[start, stop), of which there were `originalLength` on the network, captured
   * at an interface of this section. Time: since 1970, nanoseconds below 1,000,000,000. A packet that would make the
   * block longer than MAX_BLOCK_BYTES is cut.
   */
  append(
    interfaceIndex: number,
    bytes: Uint8Array,
    start: number,
    stop: number,
    seconds: number,
    nanoseconds: number,
    originalLength: number,
    extras: PacketExtras = NO_EXTRAS,
  ): void {
    const clock = this.#clocks[interfaceIndex - this.#firstInterface];
    assert(clock !== undefined, "a packet of an interface that is not in the section");
    const ticks = this.#ticks;
    if (!setTicks(ticks, clock, seconds, nanoseconds)) this.clampedTimes++;
    const captured = Math.min(stop - start, MAX_BLOCK_BYTES - PACKET_HEAD - 4 - extrasRoom(extras));
    const at = this.#begin(ENHANCED_PACKET, PACKET_HEAD - 8 + padded(captured));
    const { bytes: target, view } = this.#sink;
    const little = this.#little;
    view.setUint32(at, interfaceIndex - this.#firstInterface, little);
    view.setUint32(at + 4, ticks.high, little);
    view.setUint32(at + 8, ticks.low, little);
    view.setUint32(at + 12, captured, little);
    view.setUint32(at + 16, originalLength, little);
    this.#sink.put(at + 20, bytes, start, start + captured);
    for (let i = at + 20 + captured; i < this.#sink.size; i++) target[i] = 0;
    if (extras !== NO_EXTRAS) this.#appendExtras(extras);
    this.#finish(at);
  }

  /**
   * A block as it was read. Section headers and interfaces are taken over, too: what follows belongs to them. False,
   * and nothing written, when its byte order is not the writer's and its format not known (custom and new ones), or
   * when it is broken: a body that does not keep to its format, or is longer than MAX_BLOCK_BYTES.
   */
  appendBlock(type: number, body: Uint8Array, source: BlockSource = {}): boolean {
    const { order = this.#order, firstInterface = this.#firstInterface } = source;
    if (padded(body.length) + BLOCK_FRAME > MAX_BLOCK_BYTES) return false;
    if (type === SECTION_HEADER) {
      if (body.length < 16) return false;
      this.appendSection(parseOptions(body, 16, body.length, order === "little"), order);
      return true;
    }
    assert(this.#hasSection, "a block in front of the section header");
    if (type === INTERFACE_DESCRIPTION) {
      const parsed = parseInterface(body, order, 0);
      if (parsed !== undefined) this.appendInterface(parsed.interface);
      return parsed !== undefined;
    }
    const own = order === this.#order ? body : convertBody(type, body, order === "little");
    if (own === undefined) return false;
    const at = this.#begin(type, padded(own.length));
    this.#sink.bytes.set(own, at);
    this.#sink.bytes.fill(0, at + own.length, this.#sink.size);
    if ((type === INTERFACE_STATISTICS || type === ENHANCED_PACKET) && own.length >= 4) {
      const id = uint32(own, 0, this.#little) + firstInterface - this.#firstInterface;
      putUint32(this.#sink.bytes, at, id, this.#little);
    }
    this.#finish(at);
    return true;
  }

  /** Writes the type, leaves room for the length and returns where a body of at least `count` bytes begins. */
  #begin(type: number, count: number): number {
    const at = this.#sink.reserve(8 + count);
    putUint32(this.#sink.bytes, at, type, this.#little);
    return at + 8;
  }

  /** Writes both lengths of the block whose body begins at `body` and is complete. */
  #finish(body: number): void {
    const end = this.#sink.reserve(4);
    const total = this.#sink.size - (body - 8);
    putUint32(this.#sink.bytes, body - 4, total, this.#little);
    putUint32(this.#sink.bytes, end, total, this.#little);
  }

  #appendExtras({ comments = [], options = [], order = this.#order }: PacketExtras): void {
    const texts = comments.map((comment) => textOption(COMMENT, comment));
    const own = this.#inOwnOrder(ENHANCED_PACKET, options, order);
    appendOptions(this.#sink, [...texts, ...own], this.#little);
  }

  #appendOptions(block: number, options: readonly CaptureOption[], order: ByteOrder): void {
    appendOptions(this.#sink, this.#inOwnOrder(block, options, order), this.#little);
  }

  #inOwnOrder(block: number, options: readonly CaptureOption[], order: ByteOrder): readonly CaptureOption[] {
    return order === this.#order ? options : convertOptions(block, options);
  }
}

/** if_tsresol for so many ticks; the byte that was `told` stays when it means the same, since it is exact. */
function resolutionByte(ticksPerSecond: number | undefined, told: Uint8Array | undefined): number {
  const byte = told?.[0];
  if (ticksPerSecond === undefined) return byte ?? NANOSECONDS;
  if (byte !== undefined && ((byte & 0x80) === 0 ? 10 : 2) ** (byte & 0x7f) === ticksPerSecond) return byte;
  const found = resolutionOf(ticksPerSecond);
  assert(found !== undefined, "ticks per second that are no power of 10 or 2");
  return found;
}

/** Bytes that options may take, rounded up. */
function extrasRoom({ comments = [], options = [] }: PacketExtras): number {
  let room = 4;
  for (const comment of comments) room += 8 + Math.min(3 * comment.length, 0x10000);
  for (const { value } of options) room += 4 + padded(value.length);
  return room;
}
