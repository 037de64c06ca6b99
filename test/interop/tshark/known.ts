/**
 * Where we differ from tshark 4.0 and mean to: each with its reason. Nothing else may differ.
 */
const DIFFERENCES: readonly { readonly capture: string; readonly line: RegExp; readonly reason: string }[] =
  [];

export function knownDifference(capture: string, line: string): boolean {
  return DIFFERENCES.some((known) => known.capture === capture && known.line.test(line));
}

/** Queries that select some other frames, and how many at most. */
export const KNOWN_SELECTIONS: ReadonlyMap<string, number> = new Map();

/** Whether a name that only tshark has lies in the bytes: not what it resolves, follows, judges or sums up. */
export function isOursToShow(name: string): boolean {
  return !NOT_IN_THE_BYTES.some((pattern) => pattern.test(name));
}

const NOT_IN_THE_BYTES: readonly RegExp[] = [
  /_resolved$/,
  /(^|\.)(\w+_)?host$/,
  /\.status$/,
  /\.(stream|completeness|analysis|connection|pdu)\b/,
  /\.(time|time_delta|time_relative|resptime)$/,
];
