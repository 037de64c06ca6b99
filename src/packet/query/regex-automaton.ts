import { REGEX_LIMITS, type Assertion } from "#packet/query/regex-node.ts";
import { AFTER, BEFORE, OPERATION, type Program } from "#packet/query/regex-program.ts";

// What a cell of the table holds instead of a state.
const UNKNOWN = 0;
const MATCHED = -1;
const DEAD = -2;

const NEWLINE = 0x0a;

/** Instructions that wait for a byte, or for what is after them to be known. */
interface State {
  readonly members: Uint16Array;
  /** Of BEFORE; it matters where an assertion is pending. */
  readonly before: number;
  readonly isPending: boolean;
}

/**
 * A program's deterministic automaton, built as far as searches need it, as in RE2. Columns of its table are the
 * program's classes, the newline that ends the bytes, and the end.
 */
export class Automaton {
  readonly #program: Program;
  readonly #stride: number;
  /** Next state by state and column; a state is the index of its row, and the first row is no state's. */
  #table: Int32Array;
  #states: (State | undefined)[] = [undefined];
  readonly #numbers = new Map<string, number>();
  #members = 0;
  #initial: number;
  /** Whether no match can start after the start of the bytes. */
  readonly #isAnchored: boolean;

  /** Instructions seen in this pass are those marked with its number. */
  readonly #marks: Uint32Array;
  #pass = 0;
  readonly #stack: Uint16Array;
  /** What this pass has found, and what the one before it did. */
  #found: Uint16Array;
  #spare: Uint16Array;
  #count = 0;
  readonly #key: Uint16Array;
  /** How often the table was full and began anew. */
  flushes = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#stride = program.classes + 2;
    this.#table = new Int32Array(this.#stride * 8);
    this.#marks = new Uint32Array(program.length);
    this.#stack = new Uint16Array(2 * program.length + 1); // each instruction pushes two at most, once
    this.#found = new Uint16Array(program.length);
    this.#spare = new Uint16Array(program.length);
    this.#key = new Uint16Array((program.length >> 4) + 2);
    this.#isAnchored = [BEFORE.newline, BEFORE.word, BEFORE.other].every((before) => {
      this.#begin();
      return !this.#follow(0, before, AFTER.later) && this.#count === 0;
    });
    this.#initial = this.#start();
  }

  /** Whether the bytes from start to end contain a match. */
  test(bytes: Uint8Array, start: number, end: number): boolean {
    const { classOf, classes } = this.#program;
    const last = end > start && bytes[end - 1] === NEWLINE ? end - 1 : end;
    let { flushes } = this;
    let state = this.#initial;
    if (state < 0) return state === MATCHED;
    let table = this.#table;
    for (let at = start; at < last; at++) {
      const column = classOf[bytes[at]!]!;
      let next = table[state + column]!;
      if (next <= 0) {
        if (next === UNKNOWN) {
          next = this.#step(state, column);
          table = this.#table;
          if (this.flushes !== flushes && next > 0) {
            const from = at + 1;
            at = Math.min(at + REGEX_LIMITS.simulated, last - 1);
            next = this.#simulate(next, bytes, from, at + 1);
            flushes = this.flushes;
            table = this.#table;
          }
        }
        if (next < 0) return next === MATCHED;
      }
      state = next;
    }
    if (last < end) {
      state = table[state + classes]! || this.#step(state, classes);
      if (state < 0) return state === MATCHED;
    }
    return (this.#table[state + classes + 1]! || this.#step(state, classes + 1)) === MATCHED;
  }

  /** The state after these bytes. Where the table has just been full, most states are seen once: it learns none. */
  #simulate(from: number, bytes: Uint8Array, start: number, end: number): number {
    const { classOf } = this.#program;
    let state = this.#states[from / this.#stride]!;
    for (let at = start; at < end; at++) {
      const next = this.#next(state, classOf[bytes[at]!]!);
      if (next < 0) return next;
      state = this.#takeFound(next);
    }
    return this.#number(state);
  }

  /** The state at the start of the bytes. */
  #start(): number {
    this.#begin();
    if (this.#follow(0, BEFORE.start, AFTER.later)) return MATCHED;
    return this.#number(this.#takeFound(BEFORE.start));
  }

  /** The state after `state` and a column; a new row of the table if there was none. */
  #step(state: number, column: number): number {
    const { flushes } = this;
    let next = this.#next(this.#states[state / this.#stride]!, column);
    if (next >= 0) next = this.#number(this.#takeFound(next));
    // After a flush, the state's row is another's.
    if (flushes === this.flushes) this.#table[state + column] = next;
    return next;
  }

  /** Finds what `state` becomes: MATCHED, DEAD or what is before the next byte. */
  #next(state: State, column: number): number {
    const { classes, classOf, kinds } = this.#program;
    const isLast = column === classes;
    const isEnd = column > classes;
    const byteClass = isLast ? classOf[NEWLINE]! : column;
    const kind = isEnd ? AFTER.end : kinds[byteClass]!;
    let { members } = state;
    if (state.isPending) {
      this.#begin();
      for (const each of members)
        if (this.#follow(each, state.before, isLast ? AFTER.lastNewline : kind)) return MATCHED;
      members = this.#found.subarray(0, this.#count);
    }
    if (isEnd) return DEAD;
    this.#begin();
    // A match may start at any place.
    if (this.#consume(members, byteClass, kind) || this.#follow(0, kind, AFTER.later)) return MATCHED;
    return this.#count === 0 && this.#isAnchored ? DEAD : kind;
  }

  /** Adds what waits after a byte to what is found; whether that is a match. */
  #consume(members: Uint16Array, byteClass: number, kind: number): boolean {
    const { operations, firsts, accepts, classes } = this.#program;
    const marks = this.#marks;
    const pass = this.#pass;
    const found = this.#found;
    let count = 0;
    for (let i = 0; i < members.length; i++) {
      const each = members[i]!;
      if (accepts[firsts[each]! * classes + byteClass] === 0) continue;
      const target = each + 1;
      if (operations[target] === OPERATION.byte) {
        if (marks[target] === pass) continue;
        marks[target] = pass;
        found[count++] = target;
        continue;
      }
      this.#count = count;
      if (this.#follow(target, kind, AFTER.later)) return true;
      count = this.#count;
    }
    this.#count = count;
    return false;
  }

  #begin(): void {
    if (this.#pass === 0xffff_ffff) {
      this.#marks.fill(0);
      this.#pass = 0;
    }
    this.#pass++;
    this.#count = 0;
    [this.#found, this.#spare] = [this.#spare, this.#found];
  }

  /** Adds what `from` leads to without a byte to what is found; whether that is a match. */
  #follow(from: number, before: number, after: number): boolean {
    const { operations, firsts, seconds, assertions } = this.#program;
    const stack = this.#stack;
    const marks = this.#marks;
    const pass = this.#pass;
    const found = this.#found;
    let depth = 0;
    stack[depth++] = from;
    while (depth > 0) {
      const at = stack[--depth]!;
      if (marks[at] === pass) continue;
      marks[at] = pass;
      const operation = operations[at]!;
      if (operation === OPERATION.byte) found[this.#count++] = at;
      else if (operation === OPERATION.split) {
        stack[depth++] = seconds[at]!;
        stack[depth++] = firsts[at]!;
      } else if (operation === OPERATION.jump) stack[depth++] = firsts[at]!;
      else if (operation === OPERATION.match) return true;
      else {
        const truth = holds(assertions[at]!, before, after);
        if (truth === undefined) found[this.#count++] = at;
        else if (truth) stack[depth++] = at + 1;
      }
    }
    return false;
  }

  /** What is found, as a state that lasts until the next one is found. */
  #takeFound(before: number): State {
    const { operations, hasAssertions } = this.#program;
    const members = this.#found.subarray(0, this.#count);
    const isPending = hasAssertions && members.some((each) => operations[each] === OPERATION.assert);
    return { members, before, isPending };
  }

  /** A state's number; its row is new if there was none. */
  #number(state: State): number {
    const key = this.#key;
    key.fill(0);
    for (const each of state.members) key[each >> 4]! |= 1 << (each & 15);
    // What is before matters to assertions only.
    if (state.isPending) key[key.length - 1] = state.before;
    const text = String.fromCharCode.apply(null, key as unknown as number[]);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const kept = { ...state, members: state.members.slice() };
    if (this.#states.length > REGEX_LIMITS.states || this.#members > REGEX_LIMITS.members) this.#flush();
    const number = this.#states.length * this.#stride;
    this.#states.push(kept);
    this.#members += kept.members.length;
    this.#numbers.set(text, number);
    if (number + this.#stride > this.#table.length) {
      const table = new Int32Array(this.#table.length * 2);
      table.set(this.#table);
      this.#table = table;
    }
    return number;
  }

  /** Forgets all states but the one at the start. */
  #flush(): void {
    this.flushes++;
    this.#states = [undefined];
    this.#numbers.clear();
    this.#members = 0;
    this.#table.fill(0);
    this.#initial = this.#start();
  }
}

/** Whether an assertion holds; undefined where that depends on what comes later. */
function holds(what: Assertion, before: number, after: number): boolean | undefined {
  if (what === "start") return before === BEFORE.start;
  // As in PCRE2, no line starts after a newline that ends the bytes.
  if (what === "lineStart" && before !== BEFORE.newline) return before === BEFORE.start;
  if (after === AFTER.later) return undefined;
  const isEnd = after === AFTER.end;
  const isLastNewline = after === AFTER.lastNewline;
  switch (what) {
    case "lineStart":
      return !isEnd;
    case "end":
      return isEnd;
    case "lastLine":
      return isEnd || isLastNewline;
    case "lineEnd":
      return isEnd || isLastNewline || after === AFTER.newline;
    default:
      return ((before === BEFORE.word) !== (after === AFTER.word)) === (what === "boundary");
  }
}
