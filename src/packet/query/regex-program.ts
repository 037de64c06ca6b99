import type { Assertion, Node } from "#packet/query/regex-node.ts";
import { isWord } from "#packet/query/regex-set.ts";

/** What an instruction does; where it does not say so, the next one follows. */
export const OPERATION = { byte: 0, assert: 1, split: 2, jump: 3, match: 4 } as const;

/** What is before a place: START is where the bytes start. */
export const BEFORE = { start: 0, newline: 1, word: 2, other: 3 } as const;

/** What is after a place: the last newline is the one that ends the bytes; later is not known yet. */
export const AFTER = { newline: 1, word: 2, other: 3, lastNewline: 4, end: 5, later: 6 } as const;

/** A Thompson NFA over classes of bytes that it never tells apart. */
export interface Program {
  readonly length: number;
  readonly operations: Uint8Array;
  /** byte: a row of accepts; split, jump: an instruction. */
  readonly firsts: Uint16Array;
  /** split: the other instruction. */
  readonly seconds: Uint16Array;
  /** assert: what. */
  readonly assertions: readonly (Assertion | undefined)[];
  readonly hasAssertions: boolean;
  readonly classes: number;
  /** Class of each byte. */
  readonly classOf: Uint8Array;
  /** Of each class: newline, word, other, for BEFORE and AFTER. */
  readonly kinds: Uint8Array;
  /** 1 at row * classes + class where the class belongs to the row's set. */
  readonly accepts: Uint8Array;
}

export function compileProgram(node: Node): Program {
  const builder = new Builder();
  builder.emit(node);
  return builder.finish();
}

class Builder {
  readonly #operations: number[] = [];
  readonly #firsts: number[] = [];
  readonly #seconds: number[] = [];
  readonly #assertions: (Assertion | undefined)[] = [];
  readonly #sets: Uint8Array[] = [];
  readonly #rows = new Map<string, number>();
  readonly #rowOf = new Map<Uint8Array, number>();

  emit(node: Node): void {
    switch (node.type) {
      case "set":
        this.#add(OPERATION.byte, this.#row(node.set));
        return;
      case "assert":
        this.#assertions[this.#add(OPERATION.assert)] = node.what;
        return;
      case "sequence":
        for (const part of node.parts) this.emit(part);
        return;
      case "choice":
        this.#emitChoice(node.branches);
        return;
      case "repeat":
        this.#emitRepeat(node.of, node.min, node.max);
    }
  }

  #emitChoice(branches: readonly Node[]): void {
    const jumps: number[] = [];
    for (const [i, branch] of branches.entries()) {
      const isLast = i === branches.length - 1;
      const split = isLast ? undefined : this.#add(OPERATION.split, this.#operations.length + 1);
      this.emit(branch);
      if (split === undefined) continue;
      jumps.push(this.#add(OPERATION.jump));
      this.#seconds[split] = this.#operations.length;
    }
    for (const jump of jumps) this.#firsts[jump] = this.#operations.length;
  }

  #emitRepeat(of: Node, min: number, max: number): void {
    let start = this.#operations.length;
    for (let i = 0; i < min; i++) {
      start = this.#operations.length;
      this.emit(of);
    }
    if (max === Infinity && min > 0) {
      const again = this.#add(OPERATION.split, start);
      this.#seconds[again] = again + 1;
      return;
    }
    const splits: number[] = [];
    for (let i = min; i < (max === Infinity ? 1 : max); i++) {
      splits.push(this.#add(OPERATION.split, this.#operations.length + 1));
      this.emit(of);
    }
    if (max === Infinity) this.#add(OPERATION.jump, start);
    for (const split of splits) this.#seconds[split] = this.#operations.length;
  }

  #add(operation: number, first = 0): number {
    this.#firsts.push(first);
    this.#seconds.push(0);
    this.#assertions.push(undefined);
    return this.#operations.push(operation) - 1;
  }

  /** Equal sets share a row. */
  #row(set: Uint8Array): number {
    const known = this.#rowOf.get(set);
    if (known !== undefined) return known;
    const key = String.fromCharCode.apply(null, set as unknown as number[]);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = this.#sets.push(set) - 1;
      this.#rows.set(key, row);
    }
    this.#rowOf.set(set, row);
    return row;
  }

  finish(): Program {
    this.#add(OPERATION.match);
    const { classOf, classes } = this.#partition();
    const kinds = new Uint8Array(classes);
    const accepts = new Uint8Array(this.#sets.length * classes);
    for (let byte = 0; byte < 256; byte++) {
      const each = classOf[byte]!;
      kinds[each] = kindOf(byte);
      for (let row = 0; row < this.#sets.length; row++)
        accepts[row * classes + each] = this.#sets[row]![byte]!;
    }
    return {
      length: this.#operations.length,
      operations: Uint8Array.from(this.#operations),
      firsts: Uint16Array.from(this.#firsts),
      seconds: Uint16Array.from(this.#seconds),
      assertions: this.#assertions,
      hasAssertions: this.#operations.includes(OPERATION.assert),
      classes,
      classOf,
      kinds,
      accepts,
    };
  }

  /** Splits the bytes into classes until no set holds only a part of one. */
  #partition(): { readonly classOf: Uint8Array; readonly classes: number } {
    const classOf = new Uint8Array(256);
    let classes = 1;
    const refine = (labelOf: (byte: number) => number) => {
      const numbers = new Map<number, number>();
      for (let byte = 0; byte < 256; byte++) {
        const label = classOf[byte]! * 4 + labelOf(byte);
        if (!numbers.has(label)) numbers.set(label, numbers.size);
        classOf[byte] = numbers.get(label)!;
      }
      classes = numbers.size;
    };
    if (this.#operations.includes(OPERATION.assert)) refine(kindOf);
    for (const set of this.#sets) if (classes < 256) refine((byte) => set[byte]!);
    return { classOf, classes };
  }
}

function kindOf(byte: number): number {
  return byte === 0x0a ? BEFORE.newline : isWord(byte) ? BEFORE.word : BEFORE.other;
}
