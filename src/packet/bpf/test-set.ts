/** Numbers of tests, as bits: filters of a hundred queries join and compare such sets many thousand times. */
export class TestSet implements Iterable<number> {
  static readonly NONE = new TestSet([]);
  /** 32 tests each; the last one is not 0. */
  readonly #words: readonly number[];

  private constructor(words: readonly number[]) {
    this.#words = words;
  }

  static of(numbers: Iterable<number>): TestSet {
    const words: number[] = [];
    for (const each of numbers) {
      while (words.length <= each >>> 5) words.push(0);
      words[each >>> 5]! |= 1 << (each & 31);
    }
    return words.length === 0 ? TestSet.NONE : new TestSet(words);
  }

  static union(sets: readonly TestSet[]): TestSet {
    const words: number[] = [];
    for (const set of sets)
      for (let i = 0; i < set.#words.length; i++) {
        if (i < words.length) words[i]! |= set.#words[i]!;
        else words.push(set.#words[i]!);
      }
    return words.length === 0 ? TestSet.NONE : new TestSet(words);
  }

  get isEmpty(): boolean {
    return this.#words.length === 0;
  }

  get size(): number {
    let size = 0;
    for (let word of this.#words) for (; word !== 0; word &= word - 1) size++;
    return size;
  }

  has(number: number): boolean {
    return ((this.#words[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  /** Whether a number is in both. */
  meets(other: TestSet): boolean {
    const length = Math.min(this.#words.length, other.#words.length);
    for (let i = 0; i < length; i++) if ((this.#words[i]! & other.#words[i]!) !== 0) return true;
    return false;
  }

  /** Those that are not in the other. */
  without(other: TestSet): TestSet {
    const words = this.#words.map((word, i) => word & ~(other.#words[i] ?? 0));
    while (words.at(-1) === 0) words.pop();
    return words.length === 0 ? TestSet.NONE : new TestSet(words);
  }

  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.#words.length; i++)
      for (let word = this.#words[i]!; word !== 0; word &= word - 1)
        yield i * 32 + 31 - Math.clz32(word & -word);
  }
}
