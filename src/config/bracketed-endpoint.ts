/**
 * An unquoted `[::1]:55555` around `offset` of one line. YAML and TOML both take its brackets for a list, and
 * what they then complain about helps nobody: every reader asks here first.
 */
export function bracketedEndpointAt(line: string, offset: number): string | undefined {
  for (const found of line.matchAll(
    /(?<!["'\w])\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%[\w.-]+)?\]:\d{1,5}(?!["'\w])/g,
  )) {
    if (offset >= found.index && offset <= found.index + found[0].length) return found[0];
  }
  return undefined;
}

/** What to say about it. */
export function bracketedEndpointProblem(endpoint: string): { message: string; remedy: string } {
  return { message: "an address in brackets needs quotes", remedy: `write "${endpoint}"` };
}
