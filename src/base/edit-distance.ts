/**
 * The known names that `name` was probably meant to be, nearest first, at most three; none when nothing is
 * near. Case does not count, and "_" is as good as "-".
 */
export function nearestNames(name: string, known: Iterable<string>): readonly string[] {
  const wanted = folded(name);
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  const near: { readonly candidate: string; readonly distance: number }[] = [];
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) > allowed) continue;
    const distance = editDistance(wanted, folded(candidate));
    // Something of the name must be right: "ab" is one edit from every name of one letter.
    if (distance <= allowed && distance < candidate.length) near.push({ candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = near[0]?.distance ?? 0;
  const close = near.filter(({ distance }) => distance <= best + 1);
  return close.slice(0, MAXIMUM_SUGGESTIONS).map(({ candidate }) => candidate);
}

/**
 * How many letters must be put in, taken out, changed or swapped with their neighbour to make `a` into `b`
 * (optimal string alignment). Texts are compared by their first 64 letters.
 */
export function editDistance(a: string, b: string): number {
  const from = a.slice(0, MAXIMUM_LENGTH);
  const to = b.slice(0, MAXIMUM_LENGTH);
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      row[j] = Math.min(change, last[j]! + 1, row[j - 1]! + 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwap) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length]!;
}

/** "did you mean a?", "did you mean a or b?"; undefined when nothing is near. */
export function suggestion(name: string, known: Iterable<string>): string | undefined {
  const names = nearestNames(name, known);
  return names.length === 0 ? undefined : `did you mean ${joinNames(names, "or")}?`;
}

/** "a", "a or b", "a, b or c"; long lists end in "and N more". */
export function joinNames(names: readonly string[], word: "and" | "or"): string {
  if (names.length > MAXIMUM_LISTED) {
    return `${names.slice(0, MAXIMUM_LISTED).join(", ")} and ${names.length - MAXIMUM_LISTED} more`;
  }
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

const MAXIMUM_SUGGESTIONS = 3;
const MAXIMUM_LENGTH = 64; // no name is longer; the work grows with the square
const MAXIMUM_LISTED = 20; // more than this on one line is not read
