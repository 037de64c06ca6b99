/**
 * The newest of `items` (which are oldest first): at most `limit` of them, 0 for any number, and no more than fit into
 * `bytes` together by `sizeOf`; at least one when there is one. So a list can always be shown, whatever peers sent.
 */
export function newest<Item>(
  items: readonly Item[],
  limit: number,
  bytes: number,
  sizeOf: (item: Item) => number,
): Item[] {
  const last = limit === 0 ? items.length : Math.min(limit, items.length);
  let size = 0;
  let count = 0;
  while (count < last) {
    size += sizeOf(items[items.length - 1 - count]!);
    if (size > bytes && count > 0) break;
    count++;
  }
  return items.slice(items.length - count);
}
