import { padded, uint16, uint32, type ByteOrder } from "#packet/file/byte-order.ts";
import type { CaptureInterface, CaptureOption, PacketFields } from "#packet/file/capture-types.ts";
import { clockOf, MICROSECONDS, setTime, type Clock } from "#packet/file/clock.ts";
import {
  IF_DESCRIPTION,
  IF_NAME,
  IF_TSOFFSET,
  IF_TSRESOL,
  parseOptions,
  textOf,
} from "#packet/file/options.ts";

/** Block types (draft-ietf-opsawg-pcapng 10.1). */
export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
/** Obsolete (appendix A); no longer written. */
export const OLD_PACKET = 2;
export const SIMPLE_PACKET = 3;
export const NAME_RESOLUTION = 4;
export const INTERFACE_STATISTICS = 5;
export const ENHANCED_PACKET = 6;
export const DECRYPTION_SECRETS = 10;
export const CUSTOM = 0xbad;
/** A custom block that must not be copied when the file is changed. */
export const CUSTOM_NOT_COPIED = 0x40000bad;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type and the two lengths. */
export const BLOCK_FRAME = 12;
/** A section header without options. */
export const SECTION_BYTES = 28;

/** What blocks of a section are read by. */
export interface Section {
  readonly index: number;
  readonly little: boolean;
  /** Index of its first interface in the file. */
  readonly firstInterface: number;
  /** Of its own interfaces. */
  readonly interfaces: CaptureInterface[];
  readonly clocks: Clock[];
}

/** The interface and its clock that `body` of an interface description block tells; undefined when it is too short. */
export function parseInterface(
  body: Uint8Array,
  order: ByteOrder,
  section: number,
): { readonly interface: CaptureInterface; readonly clock: Clock } | undefined {
  if (body.length < 8) return undefined;
  const little = order === "little";
  const options = parseOptions(body, 8, body.length, little);
  const clock = optionsClock(options, order);
  const name = textOf(options, IF_NAME);
  const description = textOf(options, IF_DESCRIPTION);
  const told: CaptureInterface = {
    linkType: uint16(body, 0, little),
    snapLength: uint32(body, 4, little),
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ticksPerSecond: Number(clock.perSecond),
    options,
    order,
    section,
  };
  return { interface: told, clock };
}

/** The clock that an interface's options tell; microseconds since 1970 without them. */
export function optionsClock(options: readonly CaptureOption[], order: ByteOrder): Clock {
  const resolution = options.find((each) => each.code === IF_TSRESOL)?.value[0];
  const offset = options.find((each) => each.code === IF_TSOFFSET)?.value;
  return clockOf(resolution ?? MICROSECONDS, offset?.length === 8 ? signed64(offset, order) : 0);
}

function signed64(bytes: Uint8Array, order: ByteOrder): number {
  const little = order === "little";
  const high = uint32(bytes, little ? 4 : 0, little) | 0;
  return high * 0x1_0000_0000 + uint32(bytes, little ? 0 : 4, little);
}

/** True for the blocks that readPacket understands. */
export function isPacketBlock(type: number): boolean {
  return type === ENHANCED_PACKET || type === SIMPLE_PACKET || type === OLD_PACKET;
}

/**
 * Sets `out` to the packet in the block of `total` bytes at data[at], all of which are there. Returns what is wrong with
 * it instead, to follow "packet 12 ".
 */
export function readPacket(
  out: PacketFields,
  section: Section,
  type: number,
  data: Uint8Array,
  at: number,
  total: number,
): string | undefined {
  if (type === SIMPLE_PACKET) return readSimple(out, section, data, at, total);
  if (total < 32) return `has a block of ${total} bytes; the least is 32`;
  const little = section.little;
  const id = type === ENHANCED_PACKET ? uint32(data, at + 8, little) : uint16(data, at + 8, little);
  const clock = section.clocks[id];
  if (clock === undefined) return noInterface(id, section);
  const captured = uint32(data, at + 20, little);
  if (captured > total - 32) return `claims ${captured} bytes, but its block has room for ${total - 32}`;
  const start = at + 28;
  setTime(out, clock, uint32(data, at + 12, little), uint32(data, at + 16, little));
  out.timed = true;
  out.originalLength = uint32(data, at + 24, little);
  out.bytes = data;
  out.start = start;
  out.stop = start + captured;
  out.optionsStart = start + padded(captured);
  out.optionsStop = at + total - 4;
  setInterface(out, section, id);
  return undefined;
}

/** Simple packet block (4.4): belongs to the first interface, whose snap length tells how much of it is there. */
function readSimple(
  out: PacketFields,
  section: Section,
  data: Uint8Array,
  at: number,
  total: number,
): string | undefined {
  if (total < 16) return `has a block of ${total} bytes; the least is 16`;
  const first = section.interfaces[0];
  if (first === undefined) return noInterface(0, section);
  const original = uint32(data, at + 8, section.little);
  const wanted = first.snapLength === 0 ? original : Math.min(original, first.snapLength);
  if (wanted > total - 16) return `claims ${wanted} bytes, but its block has room for ${total - 16}`;
  out.seconds = 0;
  out.nanoseconds = 0;
  out.timed = false;
  out.originalLength = original;
  out.bytes = data;
  out.start = at + 12;
  out.stop = at + 12 + wanted;
  out.optionsStart = 0;
  out.optionsStop = 0;
  setInterface(out, section, 0);
  return undefined;
}

function setInterface(out: PacketFields, section: Section, id: number): void {
  out.interfaceIndex = section.firstInterface + id;
  out.linkType = section.interfaces[id]!.linkType;
}

function noInterface(id: number, section: Section): string {
  return `names interface ${id}, but its section has told ${section.clocks.length}`;
}
