import type { Random } from "#base/random.ts";
import type { Codec, CodecResult } from "#packet/codec.ts";
import { coded, type Field } from "#packet/field.ts";
import { addressBytes, hexText, ipv4Text, readText, textBytes } from "#packet/primitive.ts";
import { nameCodec, queryName, readName, writeName, type GivenName } from "#wire/dns-name.ts";

const OPTIONS_START = 240;
const MAGIC = [99, 130, 83, 99];
const OVERLOAD = 52;
const END = 255;

/** Option 52's value, 0 without it: the server's name (2), the file's name (1) or both hold options. */
export function overloadIn(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + OPTIONS_START; at + 2 < end && bytes[at] !== END;) {
    const type = bytes[at]!;
    const value = bytes[at + 2]!;
    if (type === OVERLOAD && bytes[at + 1] === 1) return value;
    at += type === 0 ? 1 : 2 + bytes[at + 1]!;
  }
  return 0;
}

/** Takes no bytes: a number found further back, by which the fields that follow are read; 0 when it is not given. */
function lookAhead(
  title: string,
  words: readonly string[],
  find: (bytes: Uint8Array, start: number, end: number) => number,
): Field<number> {
  const codec: Codec<number> = {
    name: title,
    read: (bytes, at, end, start) => ({ value: find(bytes, start, end), next: at }),
    write: () => new Uint8Array(0),
    random: () => 0,
    initial: 0,
    show: (value) => words[value] ?? String(value),
    facts: [],
    factsOf: () => undefined,
  };
  return coded(codec, { title });
}

export const overloadField = (): Field<number> =>
  lookAhead("Fields that hold options", ["none", "file", "server name", "both"], overloadIn);

/** 1 when no magic cookie stands before the options' place: then there are none. */
export const withoutOptionsField = (): Field<number> =>
  lookAhead("Without options", ["no", "yes"], (bytes, start, end) => {
    const at = start + OPTIONS_START - MAGIC.length;
    return at + MAGIC.length <= end && MAGIC.every((byte, i) => bytes[at + i] === byte) ? 0 : 1;
  });

/** Four bytes that say that options follow, shown as an address. RFC 2131 3. */
const cookie: Codec<string> = {
  name: "magic cookie",
  read: (bytes, at, end) =>
    at + 4 > end ? { error: "the cookie is cut off", at } : { value: ipv4Text(bytes, at), next: at + 4 },
  write(value) {
    const bytes = addressBytes("ipv4", value);
    if (!bytes) throw new TypeError(`${value} is no magic cookie`);
    return bytes;
  },
  random: () => MAGIC.join("."),
  initial: MAGIC.join("."),
  show: (value) => value,
  facts: [{ query: "dhcp.cookie", type: "ipv4", title: "Magic cookie" }],
  factsOf: (value, found) => found("dhcp.cookie", value),
};

export const cookieField = (): Field<string> => coded(cookie, { title: "Magic cookie" });

/** The pads that follow a pad, as one: how many. */
const pads: Codec<number> = {
  name: "pads",
  read(bytes, at, end) {
    let next = at;
    while (next < end && bytes[next] === 0) next++;
    return { value: next - at, next };
  },
  write: (count) => new Uint8Array(count),
  random: () => 0,
  initial: 0,
  show: (count) => `${count} more`,
  facts: [{ query: "dhcp.option.padding", type: "bytes", title: "Padding" }],
  factsOf: (count, found) => found("dhcp.option.padding", new Uint8Array(count + 1)),
};

export const padsField = (): Field<number> => coded(pads, { title: "More pads" });

/** Bytes that queries know as text of hexadecimal digits. */
export function hexField(query: string, title: string, count?: number, between = ""): Field<Uint8Array> {
  const codec: Codec<Uint8Array> = {
    name: "hexadecimal text",
    read(bytes, at, end) {
      const next = count === undefined ? end : at + count;
      return next > end ? { error: "the value is cut off", at } : { value: bytes.subarray(at, next), next };
    },
    write: (value) => value,
    random: (random) => Uint8Array.from({ length: count ?? 6 }, () => random.below(256)),
    initial: new Uint8Array(count ?? 0),
    show: (value) => hexText(value, 0, value.length, between),
    facts: [{ query, type: "text", title }],
    factsOf: (value, found) => found(query, hexText(value, 0, value.length, between)),
  };
  return coded(codec, { title });
}

/** Where the bytes of a UUID stand in its text: the first three groups are little endian (RFC 4578 2.3). */
const UUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

const uuid: Codec<string> = {
  name: "UUID",
  read(bytes, at, end) {
    if (at + 16 > end) return { error: "the UUID is cut off", at };
    const text = hexText(Uint8Array.from(UUID_ORDER, (i) => bytes[at + i]!));
    return { value: text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"), next: at + 16 };
  },
  write(value) {
    const digits = value.replaceAll("-", "");
    if (!/^[0-9a-f]{32}$/i.test(digits)) throw new TypeError(`${value} is no UUID`);
    const bytes = new Uint8Array(16);
    for (const [i, place] of UUID_ORDER.entries())
      bytes[place] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
    return bytes;
  },
  random: (random) => random.hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
  initial: "00000000-0000-0000-0000-000000000000",
  show: (value) => value,
  facts: [{ query: "dhcp.client_id.uuid", type: "text", title: "UUID" }],
  factsOf: (value, found) => found("dhcp.client_id.uuid", value),
};

export const uuidField = (): Field<string> => coded(uuid, { title: "UUID" });

/** A route of option 121: only the bytes of the destination that its prefix needs are there. RFC 3442. */
export interface ClasslessRoute {
  readonly prefixLength: number;
  readonly destination: string;
  readonly router: string;
}

/** Routes; bytes at the end are of one that goes on in the next option of this type (RFC 3396). */
export type ClasslessRoutes = readonly (ClasslessRoute | Uint8Array)[];

const routes: Codec<ClasslessRoutes> = {
  name: "classless routes",
  read(bytes, at, end) {
    const value: (ClasslessRoute | Uint8Array)[] = [];
    for (let here = at; here < end;) {
      const found = routeAt(bytes, here, end);
      value.push(found?.value ?? bytes.subarray(here, end));
      here = found?.next ?? end;
    }
    return { value, next: end };
  },
  write: (value) =>
    Uint8Array.from(value.flatMap((each) => [...(each instanceof Uint8Array ? each : routeBytes(each))])),
  random: (random) => Array.from({ length: random.below(3) }, () => randomRoute(random)),
  initial: [],
  show: (value) =>
    value
      .map((each) =>
        each instanceof Uint8Array
          ? hexText(each)
          : `${each.destination}/${each.prefixLength} by ${each.router}`,
      )
      .join(", "),
  facts: [{ query: "dhcp.option.classless_static_route", type: "bytes", title: "Classless route" }],
  factsOf(value, found) {
    for (const each of value)
      if (!(each instanceof Uint8Array)) found("dhcp.option.classless_static_route", routeBytes(each));
  },
};

export const routesField = (): Field<ClasslessRoutes> => coded(routes, { title: "Classless routes" });

function routeAt(
  bytes: Uint8Array,
  at: number,
  end: number,
): { readonly value: ClasslessRoute; readonly next: number } | undefined {
  const prefixLength = bytes[at]!;
  const count = Math.ceil(prefixLength / 8);
  const next = at + 5 + count;
  if (prefixLength > 32 || next > end) return undefined;
  const filled = new Uint8Array(4);
  filled.set(bytes.subarray(at + 1, at + 1 + count));
  const [destination, router] = [ipv4Text(filled, 0), ipv4Text(bytes, next - 4)];
  return { value: { prefixLength, destination, router }, next };
}

function routeBytes({ prefixLength, destination, router }: ClasslessRoute): Uint8Array {
  const [to, via] = [destination, router].map((address) => addressBytes("ipv4", address));
  if (!to || !via || !Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > 32)
    throw new TypeError(`no route: ${destination}/${prefixLength} by ${router}`);
  return Uint8Array.from([prefixLength, ...to.subarray(0, Math.ceil(prefixLength / 8)), ...via]);
}

function randomRoute(random: Random): ClasslessRoute {
  const prefixLength = random.below(33);
  const [kept, all] = [Math.ceil(prefixLength / 8), 4];
  const address = (count: number): string =>
    Array.from({ length: all }, (_, i) => (i < count ? random.below(256) : 0)).join(".");
  return { prefixLength, destination: address(kept), router: address(all) };
}

/** Names one after the other, compressed among themselves: pointers count from the option's start. RFC 3397. */
export function namesField(query: string, title: string): Field<readonly GivenName[]> {
  const one = nameCodec({ query, title });
  const codec: Codec<readonly GivenName[]> = {
    name: "DNS names",
    read: readNames,
    write: writeNames,
    random: (random) => Array.from({ length: random.below(3) }, () => one.random(random)),
    initial: [],
    show: (names) => names.map((name) => one.show(name)).join(" "),
    facts: one.facts!,
    factsOf(names, found) {
      for (const name of names) found(query, queryName(typeof name === "string" ? { text: name } : name));
    },
  };
  return coded(codec, { title });
}

function readNames(bytes: Uint8Array, at: number, end: number): CodecResult<readonly GivenName[]> {
  const names: GivenName[] = [];
  let here = at;
  while (here < end) {
    const found = readName(bytes, here, end, at);
    if ("error" in found) return found;
    names.push(found.value);
    here = found.next;
  }
  return { value: names, next: end };
}

function writeNames(names: readonly GivenName[]): Uint8Array {
  const written = new Map<string, number>();
  const bytes: number[] = [];
  for (const name of names) bytes.push(...writeName(name, bytes.length, written));
  return Uint8Array.from(bytes);
}

/** Classes that the user put the client in, RFC 3004; many clients send a text alone. */
export type UserClasses = readonly Uint8Array[] | string;

const userClasses: Codec<UserClasses> = {
  name: "user classes",
  read(bytes, at, end) {
    const classes: Uint8Array[] = [];
    let here = at;
    for (; here < end && here + 1 + bytes[here]! <= end; here += 1 + bytes[here]!)
      classes.push(bytes.subarray(here + 1, here + 1 + bytes[here]!));
    const isList = here === end && classes.every((each) => each.length > 0);
    return { value: isList ? classes : readText(bytes, at, end), next: end };
  },
  write(value) {
    if (typeof value === "string") return textBytes(value);
    return Uint8Array.from(value.flatMap((each) => [each.length, ...each]));
  },
  random: (random: Random) =>
    Array.from({ length: 1 + random.below(2) }, () =>
      Uint8Array.from({ length: 1 + random.below(5) }, () => random.below(256)),
    ),
  initial: [],
  show: (value) =>
    typeof value === "string" ? value : value.map((each) => readText(each, 0, each.length)).join(" "),
  facts: [
    { query: "dhcp.option.user_class", type: "number", title: "User class: number" },
    { query: "dhcp.option.user_class.length", type: "number", title: "User class: length" },
    { query: "dhcp.option.user_class.data", type: "bytes", title: "User class" },
    { query: "dhcp.option.user_class.text", type: "text", title: "User class as text" },
  ],
  factsOf(value, found) {
    if (typeof value === "string") return found("dhcp.option.user_class.text", value);
    for (const [i, each] of value.entries()) {
      found("dhcp.option.user_class", i);
      found("dhcp.option.user_class.length", each.length);
      found("dhcp.option.user_class.data", each);
    }
  },
};

export const userClassesField = (): Field<UserClasses> => coded(userClasses, { title: "User classes" });
