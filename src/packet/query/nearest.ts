/** Names that are spelled like `name`, the nearest first; at most five. */
export function nearestNames(name: string, names: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const tolerated = Math.max(2, Math.floor(wanted.length / 4));
  const found: { readonly name: string; readonly distance: number }[] = [];
  for (const each of names) {
    const tail = each.slice(each.lastIndexOf(".") + 1);
    // A name that was written without its protocol, or only begun.
    const distance =
      tail === wanted.slice(wanted.lastIndexOf(".") + 1) || each.startsWith(`${wanted}.`)
        ? 1 + Math.abs(each.length - wanted.length) / 100
        : editDistance(wanted, each, tolerated);
    if (distance <= tolerated) found.push({ name: each, distance });
  }
  found.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return found.slice(0, 5).map((each) => each.name);
}

/** Levenshtein's distance, or more than `limit` when it is that far. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
