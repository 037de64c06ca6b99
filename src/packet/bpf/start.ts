import type { Message } from "#packet/message.ts";
import type { Formula, Outcome } from "#packet/bpf/formula.ts";
import type { Case } from "#packet/bpf/graph.ts";
import * as op from "#packet/bpf/opcodes.ts";
import type { Place } from "#packet/bpf/place.ts";
import { acceptedNumbers, type FieldTest } from "#packet/bpf/tests.ts";
import { isLeftOut, KEEP_ALL, type Walk, type WalkState } from "#packet/bpf/walk.ts";

/** The program's first decisions: what is asked of the frame, and whether the kernel took a VLAN tag out of it. */
export function startNode(walk: Walk, formula: Formula, first: Message): number {
  // With no fields at all, a test still cannot hold where its field cannot be.
  const leftOut = walk.table.tests.filter(
    (each) => walk.options.fields?.size !== 0 && isLeftOut(walk.options, each),
  );
  const left = walk.assign(
    formula,
    leftOut.map(({ number }) => number),
    "maybe",
  );
  const plain = from(walk, left, first, { base: 0, x: false });
  // Only frames of Ethernet have the tag where it belongs.
  if (walk.options.plain || !first.on.get("linktype")?.includes(LINKTYPE_ETHERNET)) return plain;
  const tagged = from(walk, left, first, { base: 0, x: false, stripped: "frame" });
  const code = [op.instruction(op.LD | op.ABS, op.VLAN_TAG_PRESENT)];
  return walk.graph.choice({ code, mask: 1, note: "a VLAN tag that the kernel took out?" }, [
    { low: 0, high: 0, target: plain },
    { low: 1, high: 1, target: tagged },
  ]);
}

const LINKTYPE_ETHERNET = 1;

function from(walk: Walk, formula: Formula, first: Message, place: Place): number {
  const start = (left: Formula): number => {
    const state: WalkState = {
      message: first,
      place,
      formula: left,
      sure: true,
      there: place.stripped ? 4 : 0,
      // Of what is not kept the query sees nothing.
      limit: walk.options.snapLength < KEEP_ALL ? walk.options.snapLength : Infinity,
      least: 0,
      tags: 0,
      network: false,
    };
    return walk.terminal(left) ?? walk.layer(state);
  };
  const frame = walk.table.tests.filter(
    ({ number, field }) => formula.tests.has(number) && field.name.split(".")[0] === "frame",
  );
  const lengths = new Map<FieldTest, NonNullable<ReturnType<typeof acceptedNumbers>>>();
  const outcomes = new Map<number, Outcome>();
  for (const test of frame) {
    const accepted = lengthsOf(walk, test);
    if (accepted) lengths.set(test, accepted);
    else if (ALWAYS.has(test.field.name) && !test.clauses && !test.part && !test.opaque)
      outcomes.set(test.number, "yes");
    else {
      outcomes.set(test.number, "maybe");
      walk.doubt([test.number], "what is asked of the frame");
    }
  }
  const left = walk.table.formulas.assign(formula, outcomes);
  if (lengths.size === 0) return start(left);
  const extra = place.stripped ? TAG_BYTES : 0;
  const points = [...lengths.values()].flat().flatMap(({ low, high }) => [low - extra, high + 1 - extra]);
  const starts = [...new Set([0, ...points.filter((each) => each > 0 && each <= MOST_LENGTH)])].sort(
    (a, b) => a - b,
  );
  const cases = starts.map((low, i): Case => {
    const high = (starts[i + 1] ?? MOST_LENGTH + 1) - 1;
    const known = [...lengths].map(([test, accepted]): [number, Outcome] => [
      test.number,
      accepted.some((each) => low + extra >= each.low && low + extra <= each.high) ? "yes" : "no",
    ]);
    return { low, high, target: start(walk.table.formulas.assign(left, new Map(known))) };
  });
  return walk.graph.choice({ code: [op.instruction(op.LD | op.LEN)], note: "length of the frame" }, cases);
}

const TAG_BYTES = 4;
const MOST_LENGTH = 0xffff_ffff;
/** What every packet has. */
const ALWAYS: ReadonlySet<string> = new Set(["frame", "frame.protocols", "frame.len", "frame.cap_len"]);

/** The lengths that pass a test; undefined for a test of something else. */
function lengthsOf(walk: Walk, test: FieldTest): ReturnType<typeof acceptedNumbers> {
  const { field, clauses, part, opaque } = test;
  if (!clauses || part || opaque) return undefined;
  // What is captured is what was kept.
  const isKept = field.name === "frame.cap_len" && walk.options.snapLength >= KEEP_ALL;
  return field.name === "frame.len" || isKept ? acceptedNumbers(test, undefined) : undefined;
}
