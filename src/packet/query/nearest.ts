import { editDistance } from "#base/edit-distance.ts";

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
        : editDistance(wanted, each);
    if (distance <= tolerated) found.push({ name: each, distance });
  }
  found.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return found.slice(0, 5).map((each) => each.name);
}
