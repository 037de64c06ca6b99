import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";
import { answerCode, functionCode, watchedTests } from "#packet/query/answer.ts";
import { AtomTable } from "#packet/query/atoms.ts";
import type { Checked } from "#packet/query/checked.ts";
import { WalkWriter } from "#packet/query/compile.ts";
import { evaluateTest, PacketValues, type Regexes } from "#packet/query/evaluate.ts";
import type { Frame } from "#packet/query/frame.ts";

/** 1 for yes, 0 for no, -1 when only the thorough way knows. */
export type SingleMatch = (bytes: Uint8Array, start: number, stop: number, frame: Frame) => number;

/** The JavaScript of one query for packets that start with `first`, which answers as soon as it can. */
export function singleSource(
  registry: Registry,
  checked: Checked,
  first: Message,
  regexes: Regexes,
): { readonly source: string; readonly constants: unknown[]; readonly table: AtomTable } {
  const table = new AtomTable([checked]);
  const enough = table.enough(checked);
  const watched = watchedTests(table, (atom) => (enough.has(atom) ? "return 1;" : undefined));
  const writer = new WalkWriter(registry, { watched, lookups: new Map() }, regexes);
  const { generator } = writer;
  const walk = walkCode(registry, writer, first);
  const lookup = (): string => "false";
  const answer = answerCode(checked, { table, generator, regexes, lookup });
  const source = functionCode(table, writer, "b, start, stop, frame", [walk, `return ${answer} ? 1 : 0;`]);
  return { source, constants: generator.constants, table };
}

/** Compiles one query. */
export function compileSingle(
  registry: Registry,
  checked: Checked,
  first: Message,
  regexes: Regexes,
): SingleMatch {
  const { source, constants, table } = singleSource(registry, checked, first, regexes);
  const thorough = thoroughTests(registry, table, first, regexes);
  return (new Function("K", "thorough", source) as (K: unknown[], thorough: unknown) => SingleMatch)(
    constants,
    thorough,
  );
}

/** The walk over the layers from b, start, stop and frame. */
export function walkCode(registry: Registry, writer: WalkWriter, first: Message): string {
  if (!writer.leads(first)) return "";
  return [
    "const cap = stop;",
    "let at = start, end = frame.length > stop - start ? start + frame.length : stop;",
    `let p = ${registry.numberOf(first)};`,
    writer.loop(first),
  ].join("\n");
}

/** Answers the tests that only the thorough way can. */
export function thoroughTests(registry: Registry, table: AtomTable, first: Message, regexes: Regexes) {
  return (number: number, bytes: Uint8Array, start: number, stop: number, frame: Frame): boolean => {
    const packet = new Packet(registry, first, bytes, { start, stop, originalLength: frame.length });
    return evaluateTest(table.atoms[number]!.test, new PacketValues(packet, frame), regexes);
  };
}
