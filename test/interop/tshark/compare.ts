import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { hexText } from "#packet/primitive.ts";
import type { Registry } from "#packet/registry.ts";
import { overlayProtocols } from "#wire/groups/overlay.ts";
import { readFileSync } from "node:fs";
import { tsharkFields, type FrameFields } from "./tshark.ts";

export interface Comparison {
  readonly frames: number;
  /** Values that both have and that are equal. */
  readonly equal: number;
  /** "frame 3 ip.ttl: ours 63, tshark 64". */
  readonly differences: readonly string[];
  /** Fields that only tshark has: in how many frames. */
  readonly onlyTshark: ReadonlyMap<string, number>;
}

/** Every packet of a capture, parsed. */
export function packetsOf(registry: Registry, file: string): Packet[] {
  const reader = new CaptureReader();
  reader.push(readFileSync(file));
  reader.end();
  const packets: Packet[] = [];
  while (reader.next()) {
    const first = registry.find("linktype", reader.linkType) ?? registry.fallback;
    const { bytes, start, stop, originalLength } = reader;
    packets.push(new Packet(registry, first, bytes.slice(start, stop), { originalLength }));
  }
  return packets;
}

/** Compares our fields of every packet with tshark's, name by name; its JSON loses the order of equal names. */
export function compareFields(
  registry: Registry,
  file: string,
  theirs: readonly FrameFields[] = tsharkFields(file),
): Comparison {
  const differences: string[] = [];
  const onlyTshark = new Map<string, number>();
  let equal = 0;
  const packets = packetsOf(registry, file);
  for (const [i, packet] of packets.entries()) {
    const ours = ourFields(packet);
    const isOurs = isOurNetworks(packet);
    const frame = theirs[i]!;
    for (const [name, values] of ours) {
      const other = frame.get(name) ?? [];
      const same = isSame(values, other);
      if (same) equal += values.length;
      else differences.push(`frame ${i + 1} ${name}: ours ${values.join(" ")}, tshark ${other.join(" ")}`);
    }
    const named = new Set(factsOf(packet).map(({ query }) => query));
    for (const name of onlyIn(frame, named))
      if (!(isOurs && name.startsWith("data."))) onlyTshark.set(name, (onlyTshark.get(name) ?? 0) + 1);
  }
  return { frames: packets.length, equal, differences, onlyTshark };
}

/** A packet of Parley's own networks: what they say has no name in Wireshark, which sees data. */
export function isOurNetworks({ layers }: Packet): boolean {
  return layers.some(({ message }) => overlayProtocols.includes(message));
}

function onlyIn(frame: FrameFields, ours: ReadonlySet<string>): string[] {
  return [...frame.keys()].filter(
    (name) => /^[a-z][\w-]*(\.[\w-]+)+$/.test(name) && !/^(frame|_ws)\./.test(name) && !ours.has(name),
  );
}

/** Our values by query name, written as tshark might; without those of Parley's own networks. */
export function ourFields(packet: Packet): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const { query, type, value, layer } of factsOf(packet)) {
    if (type === "protocol" || value === undefined || overlayProtocols.includes(layer.message)) continue;
    const values = fields.get(query) ?? [];
    if (value instanceof Uint8Array) values.push(hexText(value, 0, value.length, ":"));
    else values.push(String(type === "float" ? Number(Number(value).toPrecision(FLOAT_DIGITS)) : value));
    fields.set(query, values);
  }
  return fields;
}

/** tshark shows so many of a number of four bytes, and more of one of eight. */
const FLOAT_DIGITS = 6;

function isSame(ours: readonly string[], theirs: readonly string[]): boolean {
  const [a, b] = [ours, theirs].map((values) => values.map(plain).sort());
  return a!.length === b!.length && a!.every((value, i) => value === b![i]);
}

/**
 * One writing for all writings of a value: 0x0800 and 2048, 1e+06 and 1000000, upper and lower case, times, texts,
 * which for tshark end before a zero byte.
 */
function plain(value: string): string {
  const time = /^([A-Z][a-z]{2} +\d+, \d+ \d\d:\d\d:\d\d)\.(\d{9}) UTC$/.exec(value);
  // In queries times are nanoseconds since 1970. NULL is NTP's time that is none.
  if (time) return String(BigInt(Date.parse(`${time[1]!} UTC`)) * 1_000_000n + BigInt(time[2]!));
  if (value === "NULL") return "0";
  if (/^(0x[0-9a-f]+|-?\d+)$/i.test(value)) return String(BigInt(value));
  if (/^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(value))
    return String(Number(Number(value).toPrecision(FLOAT_DIGITS)));
  return value.replace(/\0.*$/s, "").toWellFormed().toLowerCase();
}
