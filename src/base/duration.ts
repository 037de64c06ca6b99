const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** Milliseconds for people: "3d 4h", "5m 12s", "8s", "0.4s", "12ms": the two largest units. */
export function formatDuration(durationMs: number): string {
  const total = Math.max(0, durationMs);
  if (total < 100) return `${Math.round(total)}ms`;
  if (total < 9_950) return `${(total / 1_000).toFixed(1).replace(/\.0$/, "")}s`;
  let rest = Math.round(total / 1_000) * 1_000;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}
