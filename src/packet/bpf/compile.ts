import type { BpfProgram } from "#base/bpf.ts";
import type { Message } from "#packet/message.ts";
import type { Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { emitGraph, type NotedInstruction } from "#packet/bpf/emit.ts";
import type { Formula } from "#packet/bpf/formula.ts";
import * as op from "#packet/bpf/opcodes.ts";
import { inSequence, partsOf, withOneField } from "#packet/bpf/sequence.ts";
import { startNode } from "#packet/bpf/start.ts";
import { TestSet } from "#packet/bpf/test-set.ts";
import { TestTable } from "#packet/bpf/tests.ts";
import { isLeftOut, KEEP_ALL, TooLarge, Walk, type WalkOptions } from "#packet/bpf/walk.ts";

export interface BpfOptions {
  /** Bytes of a packet that are kept; what the query does not see is not counted on. */
  readonly snapLength?: number;
}

/** A program, what each instruction is for, and what it does not know. */
export interface ExplainedBpf {
  readonly program: BpfProgram;
  /** By instruction; empty where it goes on with the one before. */
  readonly notes: readonly string[];
  /** Packets that are taken although the query may not select them, and the tests that are in doubt there. */
  readonly doubts: ReadonlyMap<string, readonly string[]>;
  /** Tests that were left out, for the program would have become too long. */
  readonly leftOut: readonly string[];
}

/**
 * A filter for the kernel that takes every packet which the query, or any of several, selects, and few others: packets
 * that start with `first`, whole, with the VLAN tags that the kernel took out put back before the query sees them.
 */
export function compileBpf(
  registry: Registry,
  query: Query | readonly Query[],
  first: Message,
  options: BpfOptions = {},
): BpfProgram {
  return explainBpf(registry, query, first, options).program;
}

/** The same, with words for people. */
export function explainBpf(
  registry: Registry,
  query: Query | readonly Query[],
  first: Message,
  { snapLength = KEEP_ALL }: BpfOptions = {},
): ExplainedBpf {
  const table = new TestTable();
  const queries = "checked" in query ? [query] : query;
  const formula = table.formulaOfAny(queries.map(({ checked }) => checked));
  let tooMuch = false;
  for (const plan of plansFor(table, formula)) {
    // Sharing code makes the program shorter, not the work less.
    if (tooMuch && plan.shared && !plan.fields && !plan.parts) continue;
    const isMany = isMuch(table, formula) && !plan.fields;
    const budget = { steps: isMany ? MOST_STEPS : FEW_STEPS };
    const found = attempt(registry, table, formula, plan, first, { snapLength, budget });
    if (found) return found;
    tooMuch ||= budget.steps < 0;
  }
  const accept = { instruction: op.instruction(op.RET, snapLength), note: "accept" };
  return explained(
    [accept],
    new Map(),
    table.tests.map(({ text }) => text),
  );
}

/** A plain query takes a thousand or two, a hundred of an address and a port 15,000, some milliseconds each thousand. */
const FEW_STEPS = 12_000;
const MOST_STEPS = 20_000;

interface Plan {
  readonly shared: boolean;
  /** Parts that are decided one after the other, of which one has to hold; absent: all of the query at once. */
  readonly parts?: readonly Formula[];
  readonly fields?: ReadonlySet<string>;
}

/**
 * Ways to compile, the best first: with all that is asked, with one field of each shape of query, then with ever fewer of
 * the fields, those that are asked for most often kept longest.
 */
function* plansFor(table: TestTable, formula: Formula): Generator<Plan> {
  const { tests: used } = formula;
  const parts = partsOf(table, formula);
  const apart = parts.length > 1 && parts.length <= MOST_APART ? [{ shared: true, parts }] : [];
  // Many tests of the same fields are best decided together, many of different ones apart.
  if (isMuch(table, formula)) yield* apart.length > 0 ? apart : [{ shared: true }];
  else yield* [{ shared: false }, { shared: true }, ...apart];
  const kept = withOneField(table, parts);
  if (kept !== formula && kept.tests.size > 0) yield { shared: true, parts: [kept] };
  const counts = new Map<string, number>();
  for (const { number, field } of table.tests)
    if (used.has(number) && field.type !== "protocol")
      counts.set(field.name, (counts.get(field.name) ?? 0) + 1);
  const often = [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
  for (const name of often.slice(0, MOST_TRIED)) yield { shared: true, fields: new Set([name]) };
  yield { shared: true, fields: new Set() };
}

const MOST_TRIED = 3;
/** With more values, code that is not shared would hardly fit, and all work be done for every way to a layer. */
const MANY_VALUES = 32;

function isMuch({ tests }: TestTable, formula: Formula): boolean {
  const values = [...formula.tests].map((each) => tests[each]!.clauses?.length ?? 1);
  return values.reduce((sum, each) => sum + each, 0) > MANY_VALUES;
}

/** Each of them walks over the packet's layers once more. */
const MOST_APART = 8;

function attempt(
  registry: Registry,
  table: TestTable,
  formula: Formula,
  { parts = [formula], ...plan }: Plan,
  first: Message,
  limits: Pick<WalkOptions, "snapLength" | "budget">,
): ExplainedBpf | undefined {
  const options = { ...plan, ...limits };
  const programs: (readonly NotedInstruction[])[] = [];
  const doubts = new Map<string, string[]>();
  for (const part of parts) {
    const walk = new Walk(registry, table, first, options);
    let node: number;
    try {
      node = startNode(walk, part, first);
    } catch (error) {
      if (error instanceof TooLarge) return undefined;
      throw error;
    }
    const written = emitGraph(walk.graph, node, options.snapLength, op.MOST_INSTRUCTIONS);
    if (!written) return undefined;
    programs.push(written);
    for (const [why, tests] of walk.doubts) doubts.set(why, [...(doubts.get(why) ?? []), ...tests]);
  }
  const written = inSequence(programs);
  if (written.length > op.MOST_INSTRUCTIONS) return undefined;
  if (table.unknown.size > 0) doubts.set("what a filter cannot know", [...table.unknown]);
  const lost = formula.tests.without(TestSet.union(parts.map(({ tests }) => tests)));
  const leftOut = table.tests.filter((each) => isLeftOut(options, each) || lost.has(each.number));
  return explained(written, doubts, [...new Set(leftOut.map(({ text }) => text))]);
}

function explained(
  written: readonly NotedInstruction[],
  doubts: ReadonlyMap<string, readonly string[]>,
  leftOut: readonly string[],
): ExplainedBpf {
  const program = written.map(({ instruction }) => instruction);
  return { program, notes: written.map(({ note }) => note), doubts, leftOut };
}
