import type { Message } from "#packet/message.ts";
import type { Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { emitGraph } from "#packet/bpf/emit.ts";
import { bpfSource } from "#packet/bpf/javascript.ts";
import * as op from "#packet/bpf/opcodes.ts";
import { startNode } from "#packet/bpf/start.ts";
import { TestTable } from "#packet/bpf/tests.ts";
import { KEEP_ALL, TooLarge, Walk } from "#packet/bpf/walk.ts";

/**
 * Packets of one buffer, of which packet `i` begins at starts[i]. The same buffer, from its first byte on and in this
 * machine's byte order, has four words of each, from words[heads[i]] on: seconds, nanoseconds, bytes that were kept, bytes
 * on the network.
 */
export interface PacketTable {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly words: Uint32Array;
  readonly heads: Uint32Array;
}

/**
 * The number of the first of the packets from `first` up to `stop` that the query may not select; `stop` where it selects
 * them all.
 */
export type SureRun = (packets: PacketTable, first: number, stop: number) => number;

/**
 * Compiles a short check that knows of most packets which a query selects that it does, and of any other nothing: it
 * costs a fraction of the query's own matcher, and is compiled in a fraction of the time. It is the filter of the query's
 * opposite, turned around: what that does not take, the query selects. Undefined where there is none worth having.
 */
export function compileSure(registry: Registry, query: Query, first: Message): SureRun | undefined {
  const source = sureSource(registry, query, first);
  return source === undefined ? undefined : (new Function("packets", "i", "n", source) as unknown as SureRun);
}

/** The JavaScript that it runs. */
export function sureSource(registry: Registry, { checked }: Query, first: Message): string | undefined {
  const table = new TestTable();
  const opposite = table.formulaOf(checked, true);
  // What cannot be known of one part of a query may still leave the others.
  if (opposite === table.formulas.yes) return undefined;
  const options = { shared: false, plain: true, snapLength: KEEP_ALL, budget: { steps: MOST_STEPS } };
  const walk = new Walk(registry, table, first, options);
  let node: number;
  try {
    node = startNode(walk, opposite, first);
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
  const written = emitGraph(walk.graph, node, KEEP_ALL, MOST_INSTRUCTIONS);
  const program = written?.map(({ instruction }) => instruction);
  if (!program?.some(({ code, k }) => code === op.RET && k === 0)) return undefined;
  const code = bpfSource(program, "return i;", "continue;");
  return (
    code &&
    `const { bytes: b, words, starts, heads } = packets;
for (; i < n; i++) {
const s = starts[i], kept = words[heads[i] + 2], e = s + kept;
if (kept !== words[heads[i] + 3]) return i;
${code}
}
return n;`
  );
}

const MOST_STEPS = 6_000;
/** Code that is longer takes longer to compile than it saves. */
const MOST_INSTRUCTIONS = 1_000;
