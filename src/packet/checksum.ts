import { crc32, fletcherChecksum, foldInternetSum, internetSum } from "#base/checksum.ts";
import type { Endpoints, Message } from "#packet/message.ts";
import { addressBytes } from "#packet/primitive.ts";
import type { ChecksumSpec } from "#packet/spec.ts";

/** A layer in its bytes. */
export interface LayerBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly headerEnd: number;
  readonly end: number;
}

/** The checksum that belongs into the `size` bytes at `at`, which count as zero whatever they hold. */
export function checksumOf(
  spec: ChecksumSpec,
  { bytes, start, headerEnd, end }: LayerBytes,
  at: number,
  size: number,
  pseudoSum: number,
): number {
  const from = spec.over === "payload" ? headerEnd : start;
  const to = spec.over === "header" ? headerEnd : end;
  const [skip, skipped] = spec.skip ?? [0, 0];
  if (spec.algorithm === "fletcher") return fletcherChecksum(bytes, from + skip + skipped, to, at);
  if (spec.algorithm === "crc32") return crc32(bytes, from, to);
  let sum = spec.pseudo ? pseudoSum + (to - from) : 0;
  sum = internetSum(bytes, from, to, sum);
  // The checksum's own place lies at an even offset; so do the bytes that are left out.
  sum -= internetSum(bytes, at, Math.min(at + size, to));
  if (skipped > 0) sum -= internetSum(bytes, from + skip, Math.min(from + skip + skipped, to));
  const folded = foldInternetSum(sum);
  return folded === 0 && spec.zeroMeansNone ? 0xffff : folded;
}

/** A layer that may carry the one with the checksum. */
export interface LowerLayer {
  readonly message: Message;
  readonly start: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * The words of the pseudo header of layer `i` without its length: both addresses and the protocol's number. The nearest
 * IP layer below gives it; headers in between may name other addresses. Undefined when nothing below is IP.
 */
export function pseudoHeaderSum(
  bytes: Uint8Array,
  layers: readonly LowerLayer[],
  i: number,
  protocol: number,
): number | undefined {
  let others: Endpoints = {};
  for (let below = i - 1; below >= 0; below--) {
    const { message, start, values } = layers[below]!;
    others = { ...message.endpoints?.(values), ...others };
    if (message.pseudoHeader) {
      const [from, to] = message.pseudoHeader;
      const middle = (from + to) / 2;
      const sum = endpointSum(bytes, start + from, start + middle, others.source, protocol);
      return endpointSum(bytes, start + middle, start + to, others.destination, sum);
    }
  }
  return undefined;
}

/** Adds an address: the one that lies in these bytes, or another of the same size. */
function endpointSum(
  bytes: Uint8Array,
  from: number,
  to: number,
  other: string | undefined,
  sum: number,
): number {
  const replaced = other === undefined ? undefined : addressBytes(to - from === 16 ? "ipv6" : "ipv4", other);
  return replaced ? internetSum(replaced, 0, replaced.length, sum) : internetSum(bytes, from, to, sum);
}
