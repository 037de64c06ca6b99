// How routers write what OSPF's answers have in common.

import { toMs, type ApiTime } from "#prompt/times.ts";

/** "18.133s", "4m05s", "1h02m03s", "2d03h04m", "3w1d02h": what is left of a timer, or how long something lasts. */
export function formatTimer(durationMs: number): string {
  const ms = Math.max(0, Math.floor(durationMs));
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const weeks = Math.floor(days / 7);
  if (weeks > 99) return `${weeks}w${days % 7}d`;
  if (weeks > 0) return `${weeks}w${days % 7}d${twoDigits(hours % 24)}h`;
  if (days > 0) return `${days}d${twoDigits(hours % 24)}h${twoDigits(minutes % 60)}m`;
  if (hours > 0) return `${hours}h${twoDigits(minutes % 60)}m${twoDigits(seconds % 60)}s`;
  if (minutes > 0) return `${minutes}m${twoDigits(seconds % 60)}s`;
  return `${seconds}.${String(ms % 1_000).padStart(3, "0")}s`;
}

/** How long ago; undefined for a time that is unset. */
export function msSince(time: ApiTime | undefined, now: number): number | undefined {
  const at = toMs(time);
  return at === undefined ? undefined : Math.max(0, now - at);
}

/** "*|O|-|-|-|-|E|-": the bits of RFC 2328 A.2, from the second highest. */
export function formatOptions(options: number): string {
  const shown = OPTIONS.map(([bit, name]) => ((options & bit) === 0 ? "-" : name));
  return `*|${shown.join("|")}`;
}

/** "0x" and at least so many digits. */
export function hex(value: number, digits = 1): string {
  return `0x${(value >>> 0).toString(16).padStart(digits, "0")}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

const OPTIONS = [
  [0x40, "O"],
  [0x20, "DC"],
  [0x10, "EA"],
  [0x08, "N/P"],
  [0x04, "MC"],
  [0x02, "E"],
  [0x01, "M/T"],
] as const;
