/** The ones' complement sum of 16-bit words that RFC 1071 folds, added to `sum`; not yet folded, exact for 2^21 bytes. */
export function internetSum(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  let at = start;
  let total = sum;
  for (; at + 1 < end; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  if (at < end) total += bytes[at]! << 8;
  return total;
}

/** The checksum of RFC 1071 from a sum: folded to 16 bits and inverted. */
export function foldInternetSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x1_0000) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}

/**
 * The Fletcher checksum of ISO 8473 that OSPF puts into an LSA (RFC 2328 12.1.7): the two bytes for the checksum's
 * place, `at`, such that the whole of `start` to `end` sums to zero. The bytes at `at` count as zero.
 */
export function fletcherChecksum(bytes: Uint8Array, start: number, end: number, at: number): number {
  let c0 = 0;
  let c1 = 0;
  for (let i = start; i < end; i++) {
    c0 = (c0 + (i === at || i === at + 1 ? 0 : bytes[i]!)) % 255;
    c1 = (c1 + c0) % 255;
  }
  const left = end - at - 1;
  let x = (left * c0 - c1) % 255;
  if (x <= 0) x += 255;
  let y = 510 - c0 - x;
  if (y > 255) y -= 255;
  return (x << 8) | y;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb8_8320 : c >>> 1;
  return c;
});

/** CRC-32 of IEEE 802.3, as zlib, PNG and memberlist have it. */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffff_ffff;
  for (let at = start; at < end; at++) crc = CRC_TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffff_ffff) >>> 0;
}
