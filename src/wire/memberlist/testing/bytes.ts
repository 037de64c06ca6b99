/** The bytes of hexadecimal digits; blanks between them do not count. */
export function bytesOf(hex: string): Uint8Array {
  const digits = hex.replaceAll(/\s/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
