import type { Message } from "#packet/message.ts";
import { evaluateInterval } from "#packet/bpf/interval.ts";

/** "IPv4", "UDP". */
export function shortName({ label, protocol }: Message): string {
  return label ?? protocol.toUpperCase();
}

/** Bytes without which nothing of a message is shown. */
export function bytesNeeded({ needs }: Message): number {
  if (!needs) return 1;
  const { high } = evaluateInterval(needs, () => ({ low: 0, high: 255 }));
  return Number.isFinite(high) ? high : 1_000;
}
