/** A min-heap of numbers without objects: four children to a node, so that it is shallow. */
export class NumberHeap {
  #items = new Float64Array(1_024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: number): void {
    if (this.#size === this.#items.length) {
      const larger = new Float64Array(2 * this.#size);
      larger.set(this.#items);
      this.#items = larger;
    }
    const items = this.#items;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (items[parent]! <= item) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  /** The smallest; only when there is one. */
  pop(): number {
    const items = this.#items;
    const top = items[0]!;
    const item = items[--this.#size]!;
    const size = this.#size;
    let at = 0;
    for (;;) {
      const first = 4 * at + 1;
      if (first >= size) break;
      const last = Math.min(first + 4, size);
      let child = first;
      for (let other = first + 1; other < last; other++) if (items[other]! < items[child]!) child = other;
      if (items[child]! >= item) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
    return top;
  }
}
