/*
 * Addresses in the form in which they nearly always come, straight into the bytes. Whatever else may be an address, or is
 * none, is left to addressBytes.
 */

/** Puts "192.0.2.1" at `at`; false, and anything there, for another form. */
export function putIpv4(bytes: Uint8Array, at: number, text: string): boolean {
  let part = -1;
  let parts = 0;
  for (let i = 0; i <= text.length; i++) {
    const digit = i < text.length ? text.charCodeAt(i) - ZERO : DOT - ZERO;
    if (digit >= 0 && digit <= 9) {
      // No leading zeros.
      if (part === 0) return false;
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return false;
    } else {
      if (digit !== DOT - ZERO || part < 0 || parts === 4) return false;
      bytes[at + parts++] = part;
      part = -1;
    }
  }
  return parts === 4;
}

/** Puts "02:00:5e:10:00:01" at `at`; false, and anything there, for another form. */
export function putMac(bytes: Uint8Array, at: number, text: string): boolean {
  if (text.length !== 17) return false;
  for (let i = 0; i < 6; i++) {
    const high = hexDigit(text.charCodeAt(3 * i));
    const low = hexDigit(text.charCodeAt(3 * i + 1));
    if (high < 0 || low < 0 || (i < 5 && text.charCodeAt(3 * i + 2) !== COLON)) return false;
    bytes[at + i] = (high << 4) | low;
  }
  return true;
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO;
  const letter = code | 0x20;
  return letter >= SMALL_A && letter < SMALL_A + 6 ? letter - SMALL_A + 10 : -1;
}

const [ZERO, DOT, COLON, SMALL_A] = [0x30, 0x2e, 0x3a, 0x61];
