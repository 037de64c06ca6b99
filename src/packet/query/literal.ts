import type { FactType } from "#packet/codec.ts";
import { addressBytes, textBytes } from "#packet/primitive.ts";
import type { Constant, Kind } from "#packet/query/checked.ts";
import { QueryError } from "#packet/query/query-error.ts";
import type { Term } from "#packet/query/syntax.ts";

/** What a value is compared with, as far as that decides how its text is read. */
export interface LiteralTarget {
  readonly kind: Kind;
  readonly type?: FactType;
  readonly names?: ReadonlyMap<number, string>;
  /** The largest number that there can be. */
  readonly most?: number;
}

type Literal = Term & { readonly type: "word" | "string" | "character" };

/** Reads a value as what it is compared with. Throws QueryError when it cannot be one. */
export function constantOf(term: Literal, target: LiteralTarget): Constant {
  switch (target.kind) {
    case "number":
      return { type: "constant", kind: "number", value: numberOf(term, target) };
    case "text":
      return { type: "constant", kind: "text", value: term.text };
    case "time":
      return { type: "constant", kind: "time", value: timeOf(term, target.type === "duration") };
    case "bytes":
      return { type: "constant", kind: "bytes", ...bytesOf(term, target.type) };
  }
}

function numberOf(term: Literal, target: LiteralTarget): number | bigint {
  const number = anyNumberOf(term, target);
  const { most } = target;
  if (most === undefined || (number >= 0 && number <= most)) return number;
  throw new QueryError(
    `${number} is too ${number < 0 ? "small" : "big"} for this field`,
    term.place,
    `0 to ${most}`,
  );
}

function anyNumberOf(term: Literal, { type, names }: LiteralTarget): number | bigint {
  const { text, place } = term;
  if (term.type === "character") return characterByte(text);
  const named = names && [...names].find(([, name]) => name.toLowerCase() === text.toLowerCase());
  if (named) return named[0];
  if (type === "boolean" && /^(true|false|set|not set)$/i.test(text))
    return /^(true|set)$/i.test(text) ? 1 : 0;
  const number = parseNumber(text, type === "float");
  // Any number but 0 is true.
  if (number !== undefined) return type === "boolean" && number > 1 ? 1 : number;
  const possible = names ? `, or one of ${[...names.values()].slice(0, 8).join(", ")}` : "";
  throw new QueryError(`"${text}" is no number`, place, `write 53, 0x35 or 0b11${possible}`);
}

function characterByte(text: string): number {
  return text.charCodeAt(0) & 0xff;
}

/** Decimal, 0x, 0b, and octal with a leading 0, as C has it. */
function parseNumber(text: string, isFloat: boolean): number | bigint | undefined {
  if (isFloat && /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text)) return Number(text);
  const found = /^(-?)(0[xX][0-9a-fA-F]{1,32}|0[bB][01]{1,128}|\d{1,39})$/.exec(text);
  if (!found) return undefined;
  const digits = found[2]!;
  const isOctal = /^0[0-7]+$/.test(digits);
  if (!isOctal && /^0\d/.test(digits)) return undefined;
  const big = BigInt(isOctal ? `0o${digits.slice(1)}` : digits) * (found[1] ? -1n : 1n);
  const number = Number(big);
  return Number.isSafeInteger(number) ? number : big;
}

/** Nanoseconds: of a duration in seconds, or since 1970. */
function timeOf(term: Literal, isDuration: boolean): bigint {
  const { text, place } = term;
  const seconds = /^(-?)(\d{1,12})(?:\.(\d{1,9})\d*)?$/.exec(text);
  if (seconds) {
    const size = BigInt(seconds[2]!) * SECOND + BigInt((seconds[3] ?? "").padEnd(9, "0"));
    return seconds[1] ? -size : size;
  }
  if (isDuration) throw new QueryError(`"${text}" is no number of seconds`, place, "write 0.5");
  const time = dateOf(text);
  if (time === undefined)
    throw new QueryError(
      `"${text}" is no time`,
      place,
      'write "2026-11-21 10:00:00.5Z", or seconds since 1970',
    );
  return time;
}

const SECOND = 1_000_000_000n;
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/** "2026-11-21 10:00:00.5", with Z or +01:00, or "Nov 21, 2026 10:00:00"; without a zone it is UTC. */
function dateOf(text: string): bigint | undefined {
  const month = /^([A-Za-z]{3})\w* +(\d{1,2}),? +(\d{4})(.*)$/.exec(text);
  const number = month ? MONTHS.indexOf(month[1]!.toLowerCase()) + 1 : 0;
  const iso = number > 0 ? `${month![3]}-${number}-${month![2]}${month![4]}` : text;
  const parts =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ] *(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)? *(Z|UTC|[-+]\d{2}:?\d{2})?$/.exec(
      iso,
    );
  if (!parts) return undefined;
  const [year, monthOf, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  if (monthOf! < 1 || monthOf! > 12 || day! < 1 || day! > 31 || hour! > 23 || minute! > 59) return undefined;
  const milliseconds = Date.UTC(year!, monthOf! - 1, day, hour, minute, second);
  const zone = /^([-+])(\d{2}):?(\d{2})$/.exec(parts[8] ?? "");
  const offset = zone ? (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0;
  const fraction = BigInt((parts[7] ?? "").padEnd(9, "0"));
  return BigInt(milliseconds / 1_000 - offset * 60) * SECOND + fraction;
}

function bytesOf(
  term: Literal,
  type: FactType | undefined,
): { readonly value: Uint8Array; readonly prefixBits?: number } {
  const { text, place } = term;
  if (type === "ipv4" || type === "ipv6") return addressOf(text, type, place);
  if (type === "mac") {
    const bytes = addressBytes("mac", text) ?? hexBytes(text);
    if (bytes?.length === 6) return { value: bytes };
    throw new QueryError(`"${text}" is no MAC address`, place, "write 02:00:5e:10:00:01");
  }
  if (term.type === "character") return { value: Uint8Array.of(characterByte(text)) };
  if (term.type === "string") return { value: textBytes(text) };
  const bytes = hexBytes(text);
  if (bytes) return { value: bytes };
  throw new QueryError(`"${text}" are no bytes`, place, 'write aa:bb:cc, or a text in quotes: "GET"');
}

function addressOf(
  text: string,
  family: "ipv4" | "ipv6",
  place: Term["place"],
): { readonly value: Uint8Array; readonly prefixBits?: number } {
  const [address, length] = text.split("/");
  const bits = family === "ipv4" ? 32 : 128;
  // Wireshark takes "10/8" for "10.0.0.0/8".
  const dots = family === "ipv4" && length !== undefined ? address!.split(".").length : 4;
  const value = addressBytes(family, dots < 4 ? address + ".0".repeat(4 - dots) : address!);
  if (!value) {
    const example = family === "ipv4" ? "192.0.2.1 or 192.0.2.0/24" : "2001:db8::1 or 2001:db8::/32";
    throw new QueryError(
      `"${text}" is no ${family === "ipv4" ? "IPv4" : "IPv6"} address`,
      place,
      `write ${example}`,
    );
  }
  if (length === undefined) return { value };
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits)
    throw new QueryError(`a prefix of ${length} bits`, place, `${bits} bits are an address`);
  return { value, prefixBits: Number(length) };
}

/** "aa:bb", "aa-bb", "aa.bb", "aabb" and single bytes as "0x47" or decimal, as Wireshark reads them. */
export function hexBytes(text: string): Uint8Array | undefined {
  const parts = /[:.-]/.test(text) ? text.split(/[:.-]/) : text.startsWith("0x") ? [text.slice(2)] : [text];
  let digits = "";
  for (const part of parts) {
    if (!/^[0-9a-fA-F]+$/.test(part)) return undefined;
    digits += part.length % 2 === 1 ? `0${part}` : part;
  }
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
