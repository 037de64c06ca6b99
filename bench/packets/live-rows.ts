import { median } from "../median.ts";

/** A row of a table: what was measured, of ours and of the other's, and what is asked for. */
export function row(title: string, ours: string, theirs: string, ratio: string, bar = ""): void {
  print(
    `  ${title.padEnd(34)} ${ours.padEnd(34)} ${theirs.padEnd(34)} ${ratio}${bar === "" ? "" : `  [${bar}]`}`,
  );
}

/** The median of ratios, all of them, and whether it keeps a bar. */
export function verdict(
  ratios: readonly number[],
  bar: { readonly most?: number; readonly least?: number },
): string {
  const value = median(ratios);
  const isMet = value <= (bar.most ?? Infinity) && value >= (bar.least ?? -Infinity);
  const all = ratios.map((each) => each.toFixed(2)).join(" ");
  const asked = bar.most === undefined ? `at least ${bar.least}` : `at most ${bar.most}`;
  return `${value.toFixed(2)} (${all})  ${asked}: ${isMet ? "met" : "NOT MET"}`;
}

export function rate(perSecond: number): string {
  return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(2)} M/s` : `${(perSecond / 1e3).toFixed(0)} k/s`;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
