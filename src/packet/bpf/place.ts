import type { BpfInstruction } from "#base/bpf.ts";
import type { Case, Graph, Load } from "#packet/bpf/graph.ts";
import type { View } from "#packet/bpf/layout.ts";
import * as op from "#packet/bpf/opcodes.ts";

/**
 * Where a layer starts: `base` bytes from the packet's start, or from there X bytes further. Of a frame whose VLAN tag
 * the kernel took out, "frame" is the Ethernet layer as it was with the tag, and "tag" the tag itself.
 */
export interface Place {
  readonly base: number;
  readonly x: boolean;
  readonly stripped?: "frame" | "tag";
}

/** Offset of an Ethernet header's type, before which a tag stands. */
const TYPE_OFFSET = 12;
const TAG_BYTES = 4;

/** The types of tags that the kernel takes out. */
const STRIPPED_TYPES = [0x8100, 0x88a8];

/** A view's load, the bits of it that count, and how far they are shifted. */
interface PlacedView {
  readonly code: readonly BpfInstruction[];
  /** All bits that are loaded. */
  readonly all: number;
  readonly mask: number;
  readonly shift: number;
  /** Numbers that can come out, where these are few. */
  readonly only?: readonly number[];
}

/** Undefined where no load has the view. */
function placedView(place: Place, view: View): PlacedView | undefined {
  const { offset, size, mask, shift } = view;
  const end = offset + size;
  if (place.stripped === "frame" && end > TYPE_OFFSET) {
    if (offset !== TYPE_OFFSET || size !== 2) return undefined;
    return { code: [ancillary(op.VLAN_TPID)], all: 0xffff, mask, shift, only: STRIPPED_TYPES };
  }
  if (place.stripped === "tag" && offset < 2) {
    if (end > 2) return undefined;
    const up = 8 * (2 - end);
    return { code: [ancillary(op.VLAN_TAG)], all: 0xffff, mask: mask << up, shift: shift + up };
  }
  const all = size === 4 ? 0xffff_ffff : 2 ** (8 * size) - 1;
  return { code: [packetLoad(place, offset, size)], all, mask, shift };
}

function ancillary(what: number): BpfInstruction {
  return op.instruction(op.LD | op.ABS, what);
}

function packetLoad({ base, x }: Place, offset: number, size: 1 | 2 | 4): BpfInstruction {
  const width = size === 4 ? op.WORD : size === 2 ? op.HALF : op.BYTE;
  return op.instruction(op.LD | width | (x ? op.IND : op.ABS), base + offset);
}

export function isLoadable(place: Place, view: View): boolean {
  return placedView(place, view) !== undefined;
}

/** What a view is called, and its numbers. */
export interface ViewWords {
  readonly note: string;
  readonly names?: ReadonlyMap<number, string>;
}

/** A decision over a view's numbers, of which the cases leave none out. */
export function chooseBy(
  graph: Graph,
  place: Place,
  view: View,
  cases: readonly Case[],
  { note, names }: ViewWords,
): number {
  const { code, all, mask, shift, only } = placedView(place, view)!;
  const say = (jump: number, k: number): string => {
    const number = Math.floor(k / 2 ** shift);
    if (jump === op.JSET) return "not 0?";
    const name = jump === op.JEQ ? names?.get(number) : undefined;
    return `${jump === op.JEQ ? "is it" : "at least"} ${number}${name === undefined ? "" : `, ${name}`}?`;
  };
  const load: Load = { code, note, say, ...(mask !== all && { mask }) };
  // Others of the few numbers were ruled out before.
  const possible = only
    ? only.flatMap((value) => {
        const found = cases.find(({ low, high }) => value >= low && value <= high);
        return found ? [{ low: value, high: value, target: found.target }] : [];
      })
    : cases;
  if (possible.length === 0) return cases[0]!.target;
  // What is masked away is 0: no number lies between.
  const scaled = possible.map(({ low, high, target }) => ({
    low: low * 2 ** shift,
    high: high * 2 ** shift,
    target,
  }));
  return graph.choice(load, scaled);
}

/**
 * Code that moves X on by a header's size: a number of the header times `factor`. What is added to that belongs to the
 * next layer's base.
 */
export function moveBy(place: Place, view: View, factor: number): readonly BpfInstruction[] | undefined {
  const placed = placedView(place, view);
  if (!placed || place.stripped) return undefined;
  const { code, mask, shift } = placed;
  if (!place.x && view.size === 1 && mask === 0x0f && shift === 0 && factor === 4)
    return [op.instruction(op.LDX | op.BYTE | op.MSH, place.base + view.offset)];
  return [
    ...code,
    op.instruction(op.ALU | op.AND, mask),
    ...(shift > 0 ? [op.instruction(op.ALU | op.RSH, shift)] : []),
    ...(factor > 1 ? [op.instruction(op.ALU | op.MUL, factor)] : []),
    ...(place.x ? [op.instruction(op.ALU | op.ADD | op.X)] : []),
    op.instruction(op.MISC | op.TAX),
  ];
}

/** Goes on with `yes` where the packet has so many bytes of the layer; `least`: as many the packet has for certain. */
export function chooseByLength(
  graph: Graph,
  place: Place,
  count: number,
  least: number,
  targets: { readonly yes: number; readonly no: number },
  note: string,
): number {
  const { yes, no } = targets;
  const needed = lengthFor(place, count);
  const load = op.instruction(op.LD | op.LEN);
  if (!place.x) return graph.atLeast([load], needed, yes, no, note);
  const behind = graph.atLeast([load, op.instruction(op.ALU | op.SUB, needed)], "x", yes, no, note);
  // A difference below 0 would count as large.
  return least >= needed ? behind : graph.atLeast([load], needed, behind, no, note);
}

/** The number of bytes of a packet that has to be there for `count` bytes of a layer. */
export function lengthFor(place: Place, count: number): number {
  return place.stripped === "frame"
    ? Math.max(TYPE_OFFSET, place.base + count - TAG_BYTES)
    : place.base + count;
}
