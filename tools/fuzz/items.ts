/** The items that an input is made of: how each is given, two bytes of length, its bytes. */
export function* itemsIn(input: Uint8Array): Generator<{ how: number; bytes: Uint8Array }> {
  for (let at = 0; at + 3 <= input.length;) {
    const length = (input[at + 1]! << 8) | input[at + 2]!;
    yield { how: input[at]!, bytes: input.subarray(at + 3, at + 3 + length) };
    at += 3 + length;
  }
}

export type Item = readonly [how: number, bytes: Uint8Array];

/** The input that itemsIn takes apart again. */
export function inputOf(items: readonly Item[]): Uint8Array {
  return Uint8Array.from(
    items.flatMap(([how, bytes]) => [how, bytes.length >> 8, bytes.length & 255, ...bytes]),
  );
}
