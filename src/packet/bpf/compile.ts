import type { BpfProgram } from "#base/bpf.ts";
import type { Message } from "#packet/message.ts";
import type { Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { emitGraph, type NotedInstruction } from "#packet/bpf/emit.ts";
import type { Formula } from "#packet/bpf/formula.ts";
import * as op from "#packet/bpf/opcodes.ts";
import { startNode } from "#packet/bpf/start.ts";
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
  const formula = table.formulas.or(queries.map(({ checked }) => table.formulaOf(checked)));
  let tooMuch = false;
  for (const plan of plansFor(table, formula)) {
    // Sharing code makes the program shorter, not the work less.
    if (tooMuch && plan.shared && !plan.fields) continue;
    const found = attempt(registry, table, formula, first, { snapLength, budget: MOST_STEPS, ...plan });
    if (typeof found === "object") return found;
    tooMuch = found === "too much work";
  }
  const accept = { instruction: op.instruction(op.RET, snapLength), note: "accept" };
  return explained(
    [accept],
    new Map(),
    table.tests.map(({ text }) => text),
  );
}

/** A plain query takes a thousand or two, some milliseconds each thousand. */
const MOST_STEPS = 12_000;

type Plan = Pick<WalkOptions, "shared" | "fields">;

/** Ways to compile, the best first: with ever fewer of the fields, those that are asked for most often kept longest. */
function* plansFor({ tests }: TestTable, { tests: used }: Formula): Generator<Plan> {
  yield { shared: false };
  yield { shared: true };
  const counts = new Map<string, number>();
  for (const { number, field } of tests)
    if (used.has(number) && field.type !== "protocol")
      counts.set(field.name, (counts.get(field.name) ?? 0) + 1);
  const often = [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
  for (const name of often.slice(0, MOST_TRIED)) yield { shared: true, fields: new Set([name]) };
  yield { shared: true, fields: new Set() };
}

const MOST_TRIED = 3;

function attempt(
  registry: Registry,
  table: TestTable,
  formula: Formula,
  first: Message,
  options: WalkOptions,
): ExplainedBpf | "too long" | "too much work" {
  const walk = new Walk(registry, table, first, options);
  let node: number;
  try {
    node = startNode(walk, formula, first);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return "too much work";
  }
  const written = emitGraph(walk.graph, node, options.snapLength, op.MOST_INSTRUCTIONS);
  if (!written) return "too long";
  const doubts = new Map([...walk.doubts].map(([why, tests]) => [why, [...tests]]));
  if (table.unknown.size > 0) doubts.set("what a filter cannot know", [...table.unknown]);
  const leftOut = table.tests.filter((each) => isLeftOut(options, each));
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
