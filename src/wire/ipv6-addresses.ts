import type { FactType, FactValue } from "#packet/codec.ts";
import type { DerivedOptions, Finder } from "#packet/message.ts";
import { ipv4Text, macText, readUint } from "#packet/primitive.ts";

/** What an address tells beside itself, by how it was made. */
interface Part {
  /** In queries, behind "ipv6.", "ipv6.src_" and "ipv6.dst_". */
  readonly name: string;
  readonly type: FactType;
  readonly title: string;
  /** Range in the address. */
  readonly from: number;
  readonly to: number;
  /** Whether the address, which starts at `at`, was made in this way. */
  isIn(bytes: Uint8Array, at: number): boolean;
  valueOf(bytes: Uint8Array): FactValue;
}

const startsWith =
  (...prefix: readonly number[]) =>
  (bytes: Uint8Array, at: number): boolean =>
    prefix.every((byte, i) => bytes[at + i] === byte);

/** RFC 3056. */
const is6to4 = startsWith(0x20, 0x02);
/** RFC 4380. */
const isTeredo = startsWith(0x20, 0x01, 0, 0);
/** RFC 6052: the well-known prefix. */
const isTranslated = startsWith(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0);
/** The interface identifier is made of a MAC address. RFC 4291 appendix A. */
const isFromMac = (bytes: Uint8Array, at: number): boolean =>
  (bytes[at + 8]! & 2) !== 0 && bytes[at + 11] === 0xff && bytes[at + 12] === 0xfe;
/** RFC 5214. */
const isIsatap = (bytes: Uint8Array, at: number): boolean =>
  (bytes[at + 8]! & 0xfd) === 0 && startsWith(0, 0x5e, 0xfe)(bytes, at + 9);

const number = (bytes: Uint8Array): number => readUint(bytes, 0, bytes.length, false);
const ipv4 = (bytes: Uint8Array): string => ipv4Text(bytes, 0);
const inverted = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff);
const embeddedMac = ([first = 0, second = 0, third = 0, , , ...rest]: Uint8Array): string =>
  macText(Uint8Array.of(first ^ 2, second, third, ...rest), 0);

const PARTS: readonly Part[] = [
  { name: "6to4_gw_ipv4", type: "ipv4", title: "6to4 gateway", from: 2, to: 6, isIn: is6to4, valueOf: ipv4 },
  {
    name: "6to4_sla_id",
    type: "number",
    title: "6to4 subnet",
    from: 6,
    to: 8,
    isIn: is6to4,
    valueOf: number,
  },
  { name: "ts_ipv4", type: "ipv4", title: "Teredo server", from: 4, to: 8, isIn: isTeredo, valueOf: ipv4 },
  {
    name: "tc_port",
    type: "number",
    title: "Teredo port",
    from: 10,
    to: 12,
    isIn: isTeredo,
    valueOf: (bytes) => number(inverted(bytes)),
  },
  {
    name: "tc_ipv4",
    type: "ipv4",
    title: "Teredo client",
    from: 12,
    to: 16,
    isIn: isTeredo,
    valueOf: (bytes) => ipv4(inverted(bytes)),
  },
  {
    name: "slaac_mac",
    type: "mac",
    title: "MAC address in the interface identifier",
    from: 8,
    to: 16,
    isIn: isFromMac,
    valueOf: embeddedMac,
  },
  { name: "isatap_ipv4", type: "ipv4", title: "ISATAP", from: 12, to: 16, isIn: isIsatap, valueOf: ipv4 },
  {
    name: "embed_ipv4",
    type: "ipv4",
    title: "Translated IPv4 address",
    from: 12,
    to: 16,
    isIn: isTranslated,
    valueOf: ipv4,
  },
];

const PREFIX: Part = {
  name: "embed_ipv4_prefix",
  type: "bytes",
  title: "Prefix of translated addresses",
  from: 0,
  to: 12,
  isIn: isTranslated,
  valueOf: (bytes) => bytes,
};

/** Names in queries for what an IPv6 header's addresses tell, which lie at these offsets. */
export function addressNames(source: number, destination: number): Readonly<Record<string, DerivedOptions>> {
  const names: Record<string, DerivedOptions> = {};
  for (const part of PARTS) {
    const { name, type, title } = part;
    const [from, to] = [finder(part, source), finder(part, destination)];
    names[`ipv6.src_${name}`] = { type, title: `Source: ${title}`, value: from };
    names[`ipv6.dst_${name}`] = { type, title: `Destination: ${title}`, value: to };
    names[`ipv6.${name}`] = { type, title, value: [from, to] };
  }
  const { type, title } = PREFIX;
  names[`ipv6.${PREFIX.name}`] = {
    type,
    title,
    value: [finder(PREFIX, source), finder(PREFIX, destination)],
  };
  return names;
}

function finder({ from, to, isIn, valueOf }: Part, offset: number): Finder {
  return ({ bytes, captured }, layer) => {
    const at = layer.start + offset;
    if (at + 16 > Math.min(layer.limit, captured) || !isIn(bytes, at)) return undefined;
    const [start, end] = [at + from, at + to];
    return { value: valueOf(bytes.subarray(start, end)), start, end };
  };
}
