import { namesIn } from "#packet/expression.ts";
import type { Message, NextRule } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";
import type { Formula, Outcome } from "#packet/bpf/formula.ts";
import { ACCEPT, Graph, REJECT } from "#packet/bpf/graph.ts";
import { LayerWalk } from "#packet/bpf/layer-walk.ts";
import type { Interval } from "#packet/bpf/interval.ts";
import { layoutOf, namesBefore, type Layout } from "#packet/bpf/layout.ts";
import type { Place } from "#packet/bpf/place.ts";
import { MOST_INSTRUCTIONS } from "#packet/bpf/opcodes.ts";
import { ownTests, type OwnTests, type PlacedTests } from "#packet/bpf/own-tests.ts";
import { TestSet } from "#packet/bpf/test-set.ts";
import type { FieldTest, TestTable } from "#packet/bpf/tests.ts";

/** A layer that the walk comes to, and all that counts of the way there. */
export interface WalkState {
  readonly message: Message;
  readonly place: Place;
  readonly formula: Formula;
  /** The query sees this layer for certain. */
  readonly sure: boolean;
  /** Bytes of the layer that the packet has for certain, and as many as lengths before and what is kept leave it. */
  readonly there: number;
  readonly limit: number;
  /** Bytes that the packet has for certain. */
  readonly least: number;
  /** Tags before this layer that X counts, and whether a layer carried by the link was met. */
  readonly tags: number;
  readonly network: boolean;
}

export interface WalkOptions {
  readonly snapLength: number;
  /** Also layers at fixed places are read through X, so that several ways to a layer share its code. */
  readonly shared: boolean;
  /** Names of fields that are looked at; absent: all. */
  readonly fields?: ReadonlySet<string>;
  /** Only the plain ways: what a VLAN tag stands before is in doubt, and the kernel took none out. */
  readonly plain?: boolean;
  /** Steps until the walk gives up; they are taken from it. */
  readonly budget: { steps: number };
}

/** Whether a test is not looked at, so that the program gets shorter. */
export function isLeftOut({ fields }: WalkOptions, { field }: FieldTest): boolean {
  return fields !== undefined && field.type !== "protocol" && !fields.has(field.name);
}

/** What tcpdump keeps of a packet: more than any has. */
export const KEEP_ALL = 262_144;

/** The registry's table of IP's versions. */
const VERSIONS = "raw.version";

/** The walk became too long. */
export class TooLarge extends Error {}

/**
 * Walks over all ways through a packet's layers at once, as far as the query's tests can be found on them, and writes
 * down the decisions.
 */
export class Walk {
  readonly registry: Registry;
  readonly table: TestTable;
  readonly options: WalkOptions;
  readonly graph = new Graph();
  /** Why packets are taken of which the query's answer is not known. */
  readonly doubts = new Map<string, Set<string>>();
  readonly #linkTables: ReadonlySet<string>;
  readonly #reach = new Map<Message, ReadonlySet<Message>>();
  readonly #tests = new Map<Message, TestSet>();
  readonly #layers = new Map<string, number>();
  readonly #entries = new Map<string, Entries>();
  readonly #wished = new Map<string, Map<number, Entries>>();
  readonly #kinds = new Map<Message, Kind>();
  readonly #layouts = new Map<
    Message,
    { readonly names: readonly string[]; readonly known: Map<string, Layout> }
  >();
  readonly #placeNames = new Map<Message, Set<string>>();
  readonly #own = new Map<Message, OwnTests>();
  readonly #placed = new Map<Layout, Map<string, PlacedTests>>();
  /** The layers that the walk is in. */
  readonly #path: Message[] = [];

  constructor(registry: Registry, table: TestTable, first: Message, options: WalkOptions) {
    this.registry = registry;
    this.table = table;
    this.options = options;
    // A link that is none starts with IP, whose version tells them apart.
    this.#linkTables = new Set(first.on.has(VERSIONS) ? [VERSIONS] : first.next.map((rule) => rule.table));
  }

  /** Counts the work. Throws TooLarge when there is too much. */
  step(): void {
    if (--this.options.budget.steps < 0 || this.graph.nodes.length > MOST_INSTRUCTIONS) throw new TooLarge();
  }

  /** The node that decides over packets from this layer on. `anew`: the walk is in it already. */
  layer(state: WalkState, anew = false): number {
    const left = this.restrict(state.formula, state.message);
    const formula = state.sure ? left : this.table.formulas.withoutNegatives(left);
    const known = this.terminal(formula);
    if (known !== undefined) return known;
    // Without "not", nothing has to be certain.
    const isCareful = !formula.negatives.isEmpty;
    const normal: WalkState = {
      ...state,
      formula,
      sure: isCareful,
      limit: isCareful ? state.limit : 0,
      there: isCareful || state.place.stripped ? state.there : 0,
      tags: state.network ? 0 : state.tags,
    };
    const { message, place, sure, there, limit, least, tags, network } = normal;
    const { base, x, stripped } = place;
    const key = [
      message.name,
      base,
      x,
      stripped,
      formula.id,
      sure,
      there,
      limit,
      least,
      tags,
      network,
    ].join();
    const before = this.#layers.get(key);
    if (before !== undefined) return before;
    // A layer inside one of its own kind; only tags stand in a row.
    if (!anew && this.#path.includes(message) && !this.isTag(message))
      return this.doubtful(formula, [message], `${message.title} inside of itself`);
    this.step();
    this.#path.push(message);
    const node = new LayerWalk(this, normal).node();
    this.#path.pop();
    this.#layers.set(key, node);
    return node;
  }

  terminal(formula: Formula): number | undefined {
    if (formula === this.table.formulas.yes) return ACCEPT;
    return formula === this.table.formulas.no ? REJECT : undefined;
  }

  assign(formula: Formula, tests: Iterable<number>, outcome: Outcome): Formula {
    const outcomes = new Map<number, Outcome>();
    for (const test of tests) if (formula.tests.has(test)) outcomes.set(test, outcome);
    return this.table.formulas.assign(formula, outcomes);
  }

  /** Tests that cannot be met from this layer on do not hold. */
  restrict(formula: Formula, message: Message): Formula {
    return this.table.formulas.onlyWith(formula, this.testsFrom(message));
  }

  /** The answer where nothing follows, or only bytes that no protocol claims. */
  ending(formula: Formula): number {
    return this.doubtful(formula, [this.registry.fallback], "bytes that no protocol claims");
  }

  /** The answer where one of these messages follows, and the walk does not go there. */
  doubtful(formula: Formula, messages: readonly Message[], why: string): number {
    const tests = TestSet.union(messages.map((each) => this.testsFrom(each)));
    if (!this.table.formulas.isPossible(formula, tests)) return REJECT;
    if (formula.tests.meets(tests))
      this.doubt(
        [...formula.tests].filter((each) => tests.has(each)),
        why,
      );
    return ACCEPT;
  }

  doubt(tests: Iterable<number>, why: string): void {
    const found = this.doubts.get(why) ?? new Set();
    for (const each of tests) found.add(this.table.tests[each]!.text);
    this.doubts.set(why, found);
  }

  /** Tests of which a field may be in this message or in what can follow it. */
  testsFrom(message: Message): TestSet {
    let tests = this.#tests.get(message);
    if (!tests) {
      const reach = this.#reachOf(message);
      const found = this.table.tests.filter(({ field }) => field.layers.some((each) => reach.has(each)));
      tests = TestSet.of(found.map(({ number }) => number));
      this.#tests.set(message, tests);
    }
    return tests;
  }

  isWished(formula: Formula, message: Message): boolean {
    return formula.tests.meets(this.testsFrom(message));
  }

  #reachOf(message: Message): ReadonlySet<Message> {
    const known = this.#reach.get(message);
    if (known) return known;
    const found = new Set<Message>([message, this.registry.fallback]);
    for (const each of found)
      for (const rule of each.next) for (const [, next] of this.entries(rule)) found.add(next);
    this.#reach.set(message, found);
    return found;
  }

  entries({ table }: NextRule): Entries {
    let entries = this.#entries.get(table);
    if (!entries) {
      const { messages } = this.registry;
      entries = [...this.registry.table(table)].map(([key, number]) => [key, messages[number]!] as const);
      this.#entries.set(table, entries);
    }
    return entries;
  }

  /** Those that may lead to what the formula asks for. */
  wishedEntries(rule: NextRule, formula: Formula): Entries {
    let wished = this.#wished.get(rule.table);
    if (!wished) this.#wished.set(rule.table, (wished = new Map()));
    let entries = wished.get(formula.id);
    if (!entries) {
      entries = this.entries(rule).filter(([, message]) => this.isWished(formula, message));
      wished.set(formula.id, entries);
    }
    return entries;
  }

  /** Those with keys in an interval. */
  entriesIn(rule: NextRule, { low, high }: Interval): Entries {
    if (low < high) return this.entries(rule).filter(([key]) => key >= low && key <= high);
    const found = this.registry.find(rule.table, low);
    return found ? [[low, found]] : [];
  }

  /** Names on which the places in a message hang. */
  placeNames(message: Message): ReadonlySet<string> {
    let names = this.#placeNames.get(message);
    if (!names) {
      names = namesBefore(message, message.members.length, () => true);
      if (message.headerSize) namesIn(message.headerSize, names);
      this.#placeNames.set(message, names);
    }
    return names;
  }

  ownTests(message: Message): OwnTests {
    let own = this.#own.get(message);
    if (!own) this.#own.set(message, (own = ownTests(this.table.tests, message)));
    return own;
  }

  /** Where tests are in a layout, of a frame that is as it was sent or not. */
  placed(layout: Layout, stripped: string, make: () => PlacedTests): PlacedTests {
    let found = this.#placed.get(layout);
    if (!found) this.#placed.set(layout, (found = new Map()));
    let placed = found.get(stripped);
    if (!placed) found.set(stripped, (placed = make()));
    return placed;
  }

  /** A message's layout, by those of the known values that it hangs on. */
  layout(message: Message, values: ReadonlyMap<string, Interval>): Layout {
    let layouts = this.#layouts.get(message);
    if (!layouts) {
      layouts = { names: [...this.placeNames(message)], known: new Map() };
      this.#layouts.set(message, layouts);
    }
    let key = "";
    for (const name of layouts.names) {
      const value = values.get(name);
      key += value ? `${value.low} ${value.high}|` : "|";
    }
    let layout = layouts.known.get(key);
    if (!layout) layouts.known.set(key, (layout = layoutOf(message, values)));
    return layout;
  }

  /** Whether a message stands between the link and what it carries: a VLAN tag. */
  isTag(message: Message): boolean {
    return this.#kindOf(message) === "tag";
  }

  /** Whether it is a link of its own: Ethernet, also in a tunnel. */
  isLink(message: Message): boolean {
    return this.#kindOf(message) === "link";
  }

  /** Whether the link carries it: IP, ARP. */
  isNetwork(message: Message): boolean {
    return this.#kindOf(message) === "network";
  }

  #kindOf(message: Message): Kind {
    let kind = this.#kinds.get(message);
    if (kind === undefined) {
      const tables = [...this.#linkTables].filter((table) => message.on.has(table));
      if (message.on.has("linktype") && !message.on.has(VERSIONS)) kind = "link";
      else if (tables.some((table) => message.next.some((rule) => rule.table === table))) kind = "tag";
      else kind = tables.length > 0 ? "network" : "other";
      this.#kinds.set(message, kind);
    }
    return kind;
  }
}

type Entries = readonly (readonly [key: number, message: Message])[];
type Kind = "link" | "tag" | "network" | "other";
