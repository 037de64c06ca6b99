import { namesIn } from "#packet/expression.ts";
import type { Message, NextRule } from "#packet/message.ts";
import type { Formula } from "#packet/bpf/formula.ts";
import {
  breakpointsOf,
  evaluateInterval,
  isExact,
  namesOf,
  truthOf,
  type Interval,
} from "#packet/bpf/interval.ts";
import { layoutOf, placeEnd } from "#packet/bpf/layout.ts";
import { keyOf, type Key } from "#packet/bpf/occurrence.ts";
import { isLoadable, lengthFor, moveBy, type Place } from "#packet/bpf/place.ts";
import { ACCEPT } from "#packet/bpf/graph.ts";
import * as op from "#packet/bpf/opcodes.ts";
import { isSplit, splitOf } from "#packet/bpf/decisions.ts";
import { isChoiceOf, keyChanges, linearIn } from "#packet/bpf/key-expression.ts";
import type { Known, LayerWalk } from "#packet/bpf/layer-walk.ts";
import { isSound } from "#packet/bpf/soundness.ts";
import { bytesNeeded, shortName } from "#packet/bpf/message-facts.ts";
import { TestSet } from "#packet/bpf/test-set.ts";
import type { Walk, WalkState } from "#packet/bpf/walk.ts";

interface Candidates {
  readonly messages: ReadonlySet<Message>;
  /** One of them is not walked into: another packet inside this one, an extension header. */
  readonly closed: boolean;
  /** It is also possible that none of them follows. */
  readonly other: boolean;
}

/** What follows a layer, by the registry's tables. */
export class Following {
  readonly #layer: LayerWalk;
  readonly #rules: readonly NextRule[];
  readonly #names = new Map<number, ReadonlySet<string>>();
  readonly #known = new Map<number, readonly NextRule[]>();
  readonly #needsEnd = new Map<number, boolean>();

  constructor(layer: LayerWalk) {
    this.#layer = layer;
    this.#rules = layer.message.next.filter(({ table }) => layer.walk.registry.table(table).size > 0);
  }

  /** Rules that may lead to what the formula asks for. */
  #wished({ formula, done }: Known): readonly NextRule[] {
    if (done.has(NOTHING)) return [];
    const known = this.#known.get(formula.id);
    if (known) return known;
    const wished = this.#rules.filter((rule) => this.#layer.walk.wishedEntries(rule, formula).length > 0);
    this.#known.set(formula.id, wished);
    return wished;
  }

  /** Names on which it hangs what follows, and where. */
  namesUsed(known: Known): ReadonlySet<string> {
    const wished = this.#wished(known);
    if (wished.length === 0) return NO_NAMES;
    const before = this.#names.get(known.formula.id);
    if (before) return before;
    const names = new Set<string>();
    this.#names.set(known.formula.id, names);
    for (const { key, when } of wished) {
      namesIn(key, names);
      if (when) namesIn(when, names);
    }
    const { size } = this.#layer.message;
    if (this.#layer.state.sure && size && wished.length > 0) namesIn(size, names);
    return names;
  }

  /** Whether it matters where the header ends. */
  needsEnd(known: Known): boolean {
    const { formula, done } = known;
    if (done.has(NOTHING)) return false;
    let needs = this.#needsEnd.get(formula.id);
    if (needs === undefined) {
      const { walk } = this.#layer;
      needs = this.#wished(known).some((rule) =>
        walk.wishedEntries(rule, formula).some(([, message]) => !this.#isClosed(rule, message)),
      );
      this.#needsEnd.set(formula.id, needs);
    }
    return needs;
  }

  /** Whether the walk ends before a message, whatever is in it. */
  #isClosed(rule: NextRule, message: Message): boolean {
    // The part that a rule with a length carries ends before the layer does; behind what repeats there may be more.
    if (rule.length || message.repeats) return true;
    const { walk, state } = this.#layer;
    const isNetwork = walk.isNetwork(message);
    const isInside = state.network || walk.isNetwork(state.message);
    if (isInside && (isNetwork || walk.isLink(message) || walk.isTag(message))) return true;
    if (walk.isTag(message)) return this.#tags >= (walk.options.plain ? 0 : MOST_TAGS);
    // Extension headers: one may follow the other.
    return (
      !isNetwork && message.on.has(rule.table) && message.next.some((next) => isNamedIn(rule.table, next))
    );
  }

  /** Tags up to this layer, those that the kernel took out not counted. */
  get #tags(): number {
    const { walk, state } = this.#layer;
    return state.tags + (walk.isTag(state.message) && !state.place.stripped ? 1 : 0);
  }

  /** Values of a name at which something else follows. */
  breakpoints(
    known: Known,
    name: string,
    most: number,
    scope: (name: string) => Interval,
  ): readonly number[] {
    const points: number[] = [];
    for (const rule of this.#wished(known)) {
      const { key, when } = rule;
      if (when) points.push(...breakpointsOf(when, name, most, scope));
      const keys = this.#layer.walk.wishedEntries(rule, known.formula).map(([each]) => each);
      if (isChoiceOf(key, name)) points.push(...keys.flatMap((each) => [each, each + 1]));
      points.push(...breakpointsOf(key, name, most, scope));
      if (!isChoiceOf(key, name) && namesOf(key).has(name) && most < 256)
        points.push(...keyChanges(key, name, most, scope, new Set(keys)));
    }
    return points;
  }

  /** The decisions about what follows, once all tests of the layer are made. */
  node(known: Known): number {
    const { walk } = this.#layer;
    const wished = this.#wished(known);
    if (wished.length === 0) return walk.ending(known.formula);
    const layout = this.#layer.layout(known);
    for (const { key, when } of wished)
      for (const expression of when ? [when, key] : [key])
        for (const name of namesOf(expression)) {
          const found = known.done.has(name) ? undefined : keyOf(name, layout);
          if (found && isLoadable(this.#layer.state.place, found.view))
            return this.#layer.decisions.decide(known, found, (each) => this.node(each));
        }
    const { messages, closed, other } = this.#candidates(known);
    const [message, more] = messages;
    if (!message) return walk.ending(known.formula);
    if (closed || more) return walk.doubtful(known.formula, [...messages], this.#why([...messages]));
    return this.#goOn(known, message, !other);
  }

  /**
   * What is to be done before the tests of this layer, which would otherwise be made for every state that those of
   * layers before left behind: find out what follows, drop tests that cannot be met there, and see whether the tests
   * here make a difference at all. Undefined where nothing is to be had. `here`: tests that are still open in this layer.
   */
  narrow(known: Known, here: TestSet, go: (known: Known) => number): number | undefined {
    const { walk, state } = this.#layer;
    const { formulas } = walk.table;
    // With "not" before a test, more that holds is not more that passes.
    if (state.sure || known.formula.tests.size < MANY_OPEN) return undefined;
    if (known.formula.tests.without(here).isEmpty) return undefined;
    if (known.done.has(NOTHING)) return undefined;
    const messages = [walk.registry.fallback, ...this.#candidates(known).messages];
    const tests = TestSet.union([here, ...messages.map((each) => walk.testsFrom(each))]);
    const formula = formulas.onlyWith(known.formula, tests);
    const left = messages.length === 1 ? this.#withNothing({ ...known, formula }) : { ...known, formula };
    if (left.formula !== known.formula || left.done !== known.done) return walk.terminal(formula) ?? go(left);
    const key = this.#openKey(known);
    if (key) return this.#layer.decisions.split(known, key, go);
    // With "not" before a test, more that holds is not more that passes; and the next layer's tests cost too much.
    if (state.sure || messages.some((each) => walk.ownTests(each).others.meets(formula.tests)))
      return undefined;
    const decided = { ...known, done: new Set([...known.done, ...this.namesUsed(known)]) };
    const least = this.node(decided);
    if (least === ACCEPT) return least;
    const all = walk.assign(formula, here, "maybe");
    const most = walk.terminal(all) ?? this.node({ ...decided, formula: all });
    return least === most ? least : undefined;
  }

  /** Once nothing follows, it no longer counts why: ways that were apart are the same. */
  #withNothing(known: Known): Known {
    const names = this.#layer.walk.placeNames(this.#layer.message);
    const values = new Map([...known.values].filter(([name]) => names.has(name)));
    const done = [...known.done].filter((each) => !isSplit(each));
    return { ...known, values, done: new Set([...done, NOTHING]) };
  }

  /** A number on which it hangs what follows, of which nothing is known yet. */
  #openKey(known: Known): Key | undefined {
    const layout = this.#layer.layout(known);
    for (const name of this.namesUsed(known)) {
      if (known.done.has(name) || known.done.has(splitOf(name))) continue;
      const key = keyOf(name, layout);
      if (key && isLoadable(this.#layer.state.place, key.view)) return key;
    }
    return undefined;
  }

  #why(messages: readonly Message[]): string {
    const inside = messages.map(shortName).join(" or ");
    return `${inside} behind ${shortName(this.#layer.message)}`;
  }

  #candidates(known: Known): Candidates {
    const { walk } = this.#layer;
    const messages = new Set<Message>();
    let [closed, other] = [false, false];
    for (const rule of this.#rules) {
      const when = rule.when ? truthOf(this.#layer.evaluate(known, rule.when)) : true;
      if (when === false) continue;
      const key = this.#layer.evaluate(known, rule.key);
      const hits = walk.entriesIn(rule, key);
      for (const [, message] of hits)
        if (walk.isWished(known.formula, message)) {
          messages.add(message);
          closed ||= this.#isClosed(rule, message);
          // Of a part of a packet, not all is seen.
          other ||= rule.quoted ?? false;
        } else other = true;
      if (hits.length > 0 && when === true && isExact(key)) return { messages, closed, other };
    }
    return { messages, closed, other: true };
  }

  /** Goes on with the next layer, if it can be known where that starts. */
  #goOn(known: Known, message: Message, certain: boolean): number {
    const { state } = this.#layer;
    const layout = this.#layer.layout(known);
    const needed = neededFor(message);
    const isSure =
      certain &&
      state.sure &&
      layout.complete &&
      isSound(this.#layer, known, Infinity) &&
      layout.end !== undefined;
    if (!isSure) return this.#move(known, message, false, 0);
    const end = layout.end + needed;
    const { place } = state;
    // Where X counts a header's size, nothing is certain any more.
    if (place.x) return this.#move(known, message, false, 0);
    return this.#layer.withBytes(known, end, (at) => this.#withRoom(at, message, end));
  }

  /** Makes sure that the lengths in the headers leave the next layer its bytes. */
  #withRoom(known: Known, message: Message, end: number): number {
    const { state } = this.#layer;
    const { size } = this.#layer.message;
    const layout = this.#layer.layout(known);
    const roomIn = (scope: (name: string) => Interval): number =>
      Math.min(state.limit, size ? evaluateInterval(size, scope).low : Infinity);
    const scope = this.#layer.scope(known);
    const rest = { low: Math.max(0, state.limit - layout.end!), high: Infinity };
    const withRest = (name: string): Interval => (name === "rest" ? rest : scope(name));
    const room = roomIn(withRest);
    const name = size && [...namesIn(size)].find((each) => keyOf(each, layout));
    const value = name === undefined ? undefined : scope(name);
    // A length of 0 means that the hardware was to work it out, which is rare.
    const isUnsaid = value?.low === 0 && value.high === 0;
    if (room >= end) return this.#move(known, message, !isUnsaid, room - layout.end!);
    const key = name === undefined ? undefined : keyOf(name, layout);
    if (!key || !value || name === undefined) return this.#move(known, message, false, 0);
    const roomFrom = (low: number): number =>
      roomIn((each) => (each === name ? { low, high: value.high } : withRest(each)));
    // Enough for the next layer, and for one more behind that.
    const wanted = [end, end + this.#ahead(known.formula, message)];
    const points = wanted.flatMap((room) => {
      const point = [room - layout.end!, room].find((low) => low > value.low && roomFrom(low) >= room);
      return point !== undefined && point <= value.high ? [point] : [];
    });
    if (points.length === 0) return this.#move(known, message, false, 0);
    const decided = (at: Known): number => {
      const room = roomFrom(at.values.get(name)?.low ?? 0);
      return this.#move(at, message, room >= end, room >= end ? room - layout.end! : 0);
    };
    return this.#layer.decisions.decide(known, key, decided, points);
  }

  /** Bytes that layers behind the next one need at most, as far as the walk goes there. */
  #ahead(formula: Formula, message: Message): number {
    const { walk } = this.#layer;
    const following = message.next.flatMap((rule) =>
      walk.entries(rule).flatMap(([, each]) => (walk.isWished(formula, each) ? [neededFor(each)] : [])),
    );
    return Math.max(0, ...following);
  }

  #move(known: Known, message: Message, sure: boolean, limit: number): number {
    const { walk, state } = this.#layer;
    const layout = this.#layer.layout(known);
    const network = state.network || walk.isNetwork(state.message);
    const rest: Omit<WalkState, "place" | "there" | "least"> = {
      message,
      formula: known.formula,
      sure,
      limit,
      tags: this.#tags,
      network,
    };
    const { end } = layout;
    if (end === undefined) return this.#moveFar(known, rest);
    const { place } = state;
    const there = Math.max(0, known.there - end);
    if (!walk.options.shared || !network || state.network || place.x)
      return walk.layer({
        ...rest,
        place: placeBehind(walk, state, message, end),
        there,
        least: known.least,
      });
    const least = lengthFor(place, known.there);
    const next = walk.layer({ ...rest, place: { base: place.base, x: true }, there, least });
    const code = [op.instruction(op.LDX | op.IMM, end)];
    return walk.graph.move(code, next, `${shortName(state.message)}: ${end} bytes`);
  }

  /** Goes on behind a header whose size is one of its numbers. */
  #moveFar(known: Known, rest: Omit<WalkState, "place" | "there" | "least">): number {
    const { walk, state } = this.#layer;
    const { headerSize } = state.message;
    const linear = headerSize && linearIn(headerSize);
    const key = linear && keyOf(linear.name, this.#layer.layout(known));
    const closed = (): number => walk.doubtful(known.formula, [rest.message], this.#why([rest.message]));
    if (!linear || !key) return closed();
    const code = moveBy(state.place, key.view, linear.factor);
    if (!code) return closed();
    const place = { base: state.place.base + linear.plus, x: true };
    return this.#layer.withBytes(known, key.view.offset + key.view.size, (at) => {
      const least = state.place.x ? at.least : lengthFor(state.place, at.there);
      const next = walk.layer({ ...rest, formula: at.formula, least, place, there: 0 });
      return walk.graph.move(code, next, `${shortName(state.message)}: size of the header`);
    });
  }
}

/** Says in what was done that nothing follows of which tests are open. */
const NOTHING = "nothing follows";
const NO_NAMES: ReadonlySet<string> = new Set();

/** With fewer tests, what is open cannot become too much. */
const MANY_OPEN = 12;

/** As many VLAN tags are walked over, one that the kernel took out not counted: it takes out the first. */
const MOST_TAGS = 1;

/** Whether a rule looks a number of the header up in this table. */
function isNamedIn(table: string, rule: NextRule): boolean {
  return rule.table === table && namesIn(rule.key).size > 0;
}

/** Ethernet's tag that the kernel took out comes first, where its own header says that there is one. */
function placeBehind(walk: Walk, state: WalkState, message: Message, end: number): Place {
  const { base, x, stripped } = state.place;
  if (stripped === "frame" && walk.isTag(message)) return { base: base + end - 4, x, stripped: "tag" };
  return { base: base + end, x };
}

/** Bytes of a layer that are enough for all of it whose place is fixed. */
function neededFor(message: Message): number {
  let needed = NEEDED.get(message);
  if (needed === undefined) {
    const { fields } = layoutOf(message, new Map());
    needed = Math.max(bytesNeeded(message), ...[...fields.values()].map(({ place }) => placeEnd(place)));
    NEEDED.set(message, needed);
  }
  return needed;
}

const NEEDED = new WeakMap<Message, number>();
