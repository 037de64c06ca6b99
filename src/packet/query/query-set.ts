import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";
import { answerCode, functionCode, watchedTests } from "#packet/query/answer.ts";
import { AtomTable, lookupKeys, type Atom } from "#packet/query/atoms.ts";
import { WalkWriter, type Lookup } from "#packet/query/compile.ts";
import { evaluateQuery, PacketValues, type Regexes } from "#packet/query/evaluate.ts";
import type { Frame } from "#packet/query/frame.ts";
import type { Query } from "#packet/query/query.ts";
import { thoroughTests, walkCode } from "#packet/query/single.ts";

/** Fills `hits` with the numbers of the queries that match; -1 when only the thorough way knows. */
type SetMatch = (bytes: Uint8Array, start: number, stop: number, frame: Frame, hits: number[]) => number;

/** What the tables of a set find in one packet. */
interface Found {
  /** Counts packets: what is noted with another stamp belongs to an earlier one. */
  stamp: number;
  /** Queries that may match, because a test that they need holds: the first so many. */
  readonly candidates: Uint32Array;
  candidateCount: number;
}

/**
 * Many queries over the same packets: layers are walked once, a test that several queries hold is made once, and tests
 * of one field for single values become one look into a table, so that the cost hardly grows with their number.
 */
export class QuerySet {
  readonly queries: readonly Query[];
  readonly #registry: Registry;
  readonly #regexes: Regexes = new Map();
  readonly #table: AtomTable;
  readonly #matches = new Map<Message, SetMatch>();
  readonly #found: Found;
  /** By test: the stamp of the packet for which it last held. */
  readonly #stamps: Float64Array;

  constructor(registry: Registry, queries: readonly Query[]) {
    this.#registry = registry;
    this.queries = queries;
    this.#table = new AtomTable(queries.map(({ checked }) => checked));
    this.#table.findLookups();
    this.#found = { stamp: 0, candidates: new Uint32Array(queries.length), candidateCount: 0 };
    this.#stamps = new Float64Array(this.#table.atoms.length);
  }

  /** Fills `hits` with the numbers of the queries that select the packet, in their order, and returns it. */
  match(
    first: Message,
    bytes: Uint8Array,
    start: number,
    stop: number,
    frame: Frame,
    hits: number[],
  ): number[] {
    let run = this.#matches.get(first);
    if (!run) this.#matches.set(first, (run = this.#compile(first)));
    // Setting a length is dear, also where it changes nothing.
    if (hits.length > 0) hits.length = 0;
    if (run(bytes, start, stop, frame, hits) >= 0) return inOrder(hits);
    hits.length = 0;
    const packet = new Packet(this.#registry, first, bytes, { start, stop, originalLength: frame.length });
    // The packet's values are found once, however many ask for them.
    const values = new PacketValues(packet, frame);
    for (const [i, { checked }] of this.queries.entries())
      if (evaluateQuery(checked, values, this.#regexes)) hits.push(i);
    return hits;
  }

  #compile(first: Message): SetMatch {
    const indexed = this.#dependents();
    const regexes = this.#regexes;
    const table = this.#table;
    const lookups = this.#lookups(indexed);
    const writer = new WalkWriter(this.#registry, { watched: watchedTests(table), lookups }, regexes);
    const { generator } = writer;
    const walk = walkCode(this.#registry, writer, first);
    const stamps = generator.constant(this.#stamps);
    const lookup = ({ number }: Atom): string => `(${stamps}[${number}] === stamp)`;
    const isIndexed = new Set([...indexed.values()].flat());
    const cases: string[] = [];
    const always: string[] = [];
    for (const [i, { checked }] of this.queries.entries()) {
      const line = `if (${answerCode(checked, { table, generator, regexes, lookup })}) hits.push(${i});`;
      if (isIndexed.has(i)) cases.push(`case ${i}: ${line} break;`);
      else always.push(line);
    }
    const found = generator.constant(this.#found);
    const source = functionCode(table, writer, "b, start, stop, frame, hits", [
      `const found = ${found}, stamp = ++found.stamp, candidates = found.candidates;`,
      "found.candidateCount = 0;",
      walk,
      ...always,
      "for (let i = 0; i < found.candidateCount; i++) switch (candidates[i]) {",
      ...cases,
      "}",
      "return hits.length;",
    ]);
    const make = new Function("K", "thorough", source) as (K: unknown[], thorough: unknown) => SetMatch;
    return make(generator.constants, thoroughTests(this.#registry, table, first, regexes));
  }

  /** By test: the queries that need not be looked at unless it holds. */
  #dependents(): Map<Atom, number[]> {
    const dependents = new Map<Atom, number[]>();
    for (const [i, { checked }] of this.queries.entries())
      for (const atom of this.#table.needed(checked) ?? [])
        dependents.set(atom, [...(dependents.get(atom) ?? []), i]);
    return dependents;
  }

  /** For each field with a table: the value, looked up, notes the tests that hold and the queries that wait for them. */
  #lookups(dependents: ReadonlyMap<Atom, readonly number[]>): Map<string, Lookup> {
    const tables = new Map<string, Map<number, Atom[]>>();
    for (const atom of this.#table.atoms) {
      if (atom.way !== "lookup") continue;
      const { name } = atom.field!.field;
      const table = tables.get(name) ?? new Map<number, Atom[]>();
      tables.set(name, table);
      for (const key of new Set(lookupKeys(atom.test))) table.set(key, [...(table.get(key) ?? []), atom]);
    }
    const found = this.#found;
    const stamps = this.#stamps;
    const queued = new Float64Array(this.queries.length);
    const hit = (atoms: readonly Atom[]): void => {
      for (const atom of atoms) {
        stamps[atom.number] = found.stamp;
        for (const query of dependents.get(atom) ?? []) {
          if (queued[query] === found.stamp) continue;
          queued[query] = found.stamp;
          found.candidates[found.candidateCount++] = query;
        }
      }
    };
    return new Map([...tables].map(([name, table]) => [name, { table, hit }]));
  }
}

/** Sorts a few numbers, most of which are in order, in less time than sort() takes to begin. */
function inOrder(hits: number[]): number[] {
  if (hits.length > FEW) return hits.sort((a, b) => a - b);
  for (let i = 1; i < hits.length; i++) {
    const hit = hits[i]!;
    let at = i;
    for (; at > 0 && hits[at - 1]! > hit; at--) hits[at] = hits[at - 1]!;
    hits[at] = hit;
  }
  return hits;
}

const FEW = 32;
