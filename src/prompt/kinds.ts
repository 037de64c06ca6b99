import { formatEndpoint, parseEndpoint, parseNamedEndpoint } from "#base/endpoint.ts";
import { formatIpv4Prefix, maskOf, parseIpv4 } from "#base/ipv4.ts";

/** The kinds of parameter that every prompt knows, and what a command receives for them. */
export interface FixedKinds {
  /** One word, or several in quotation marks. */
  word: string;
  number: number;
  /** IP:port. */
  endpoint: string;
  /** IP:port or host:port. */
  address: string;
  /** A.B.C.D. */
  ip: string;
  /** A.B.C.D, or A.B.C.D/N whose host bits are cleared. */
  prefix: string;
  /** All that follows on the line, verbatim: always the last parameter. */
  text: string;
}

/** How the text of a parameter is read. */
export interface Kind {
  /** Completes "expected …". */
  readonly expected: string;
  /** The value, or undefined when `text` is none. */
  read(text: string): string | number | undefined;
  /** False when nothing that begins with `text` can be a value. */
  mayBegin(text: string): boolean;
}

/**
 * The kind of that name. A name that is not fixed is a live one ("peer", "service"): any word is read, because only the
 * node knows which exist, and what completes it comes from the command's context.
 */
export function kindOf(name: string): Kind {
  return Object.hasOwn(FIXED, name)
    ? FIXED[name as keyof FixedKinds]
    : { ...FIXED.word, expected: `a ${name}` };
}

/** True for a kind whose values come from the command's context. */
export function isLiveKind(name: string): boolean {
  return !Object.hasOwn(FIXED, name);
}

const FIXED: Readonly<Record<keyof FixedKinds, Kind>> = {
  word: { expected: "a word", read: (text) => text, mayBegin: () => true },
  number: { expected: "a whole number", read: readNumber, mayBegin: (text) => /^\d{0,10}$/.test(text) },
  endpoint: {
    expected: "IP:port, such as 192.0.2.7:55555",
    read: (text) => {
      const endpoint = parseEndpoint(text);
      return endpoint && formatEndpoint(endpoint);
    },
    mayBegin: (text) => /^[\da-fA-F.:[\]%\w-]*$/.test(text),
  },
  address: {
    expected: "IP:port or host:port, such as 192.0.2.7:55555",
    read: (text) => {
      const endpoint = parseNamedEndpoint(text);
      return endpoint && formatEndpoint(endpoint);
    },
    mayBegin: (text) => /^[\w.:[\]%-]*$/.test(text),
  },
  ip: {
    expected: "A.B.C.D, such as 192.0.2.7",
    read: (text) => (parseIpv4(text) === undefined ? undefined : text),
    mayBegin: (text) => /^[\d.]{0,15}$/.test(text),
  },
  prefix: {
    expected: "A.B.C.D or A.B.C.D/N, such as 192.0.2.0/24",
    read: readPrefix,
    mayBegin: (text) => /^[\d.]{1,15}(?:\/\d{0,2})?$|^$/.test(text),
  },
  text: { expected: "text", read: (text) => text, mayBegin: () => true },
};

const MAX_NUMBER = 0xffff_ffff; // what the API's uint32 fields hold

function readNumber(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= MAX_NUMBER ? value : undefined;
}

function readPrefix(text: string): string | undefined {
  const [, address, bits] = /^([\d.]+)(?:\/(0|[1-9]\d?))?$/.exec(text) ?? [];
  const network = address === undefined ? undefined : parseIpv4(address);
  if (network === undefined || bits === undefined) return network === undefined ? undefined : text;
  const length = Number(bits);
  return length > 32 ? undefined : formatIpv4Prefix((network & maskOf(length)) >>> 0, length);
}
