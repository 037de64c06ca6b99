/** Order in which a file or a section of it has the bytes of its integers. */
export type ByteOrder = "little" | "big";

/** Unsigned 16 bits at `at`; the caller has checked that they are there. */
export function uint16(bytes: Uint8Array, at: number, little: boolean): number {
  return little ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Unsigned 32 bits at `at`; the caller has checked that they are there. */
export function uint32(bytes: Uint8Array, at: number, little: boolean): number {
  return little
    ? (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    : ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function putUint16(bytes: Uint8Array, at: number, value: number, little: boolean): void {
  bytes[at] = little ? value : value >>> 8;
  bytes[at + 1] = little ? value >>> 8 : value;
}

export function putUint32(bytes: Uint8Array, at: number, value: number, little: boolean): void {
  if (little) {
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  } else {
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }
}

/** `length` with the padding to whole 32-bit words that pcapng puts behind everything. */
export function padded(length: number): number {
  return length + (-length & 3);
}
