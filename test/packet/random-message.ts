import type { Random } from "#base/random.ts";
import {
  bytes,
  checksum,
  choose,
  computed,
  flags,
  int,
  ip,
  ip6,
  list,
  mac,
  padding,
  struct,
  text,
  u16,
  u8,
  uint,
  when,
  wide,
  type Field,
} from "#packet/field.ts";
import { message, type Message } from "#packet/message.ts";

type Some = Field<unknown, unknown>;
type Declared = Record<string, Some>;

/** Fields of every kind, as nobody would think of putting them together; the same chance gives the same message. */
export function randomMessage(random: Random, name: string, depth = 0): Message {
  const fields: Declared = {};
  const count = 1 + random.below(depth === 0 ? 7 : 3);
  for (let i = 0; i < count; i++) addField(random, name, depth, fields);
  if (depth === 0 && random.below(2) === 0) addLast(random, name, fields);
  return message(name, { fields }) as unknown as Message;
}

function addField(random: Random, message: string, depth: number, fields: Declared): void {
  const name = `f${Object.keys(fields).length}`;
  const makers = depth < 2 ? [...SIMPLE, ...SIZED, ...NESTED] : [...SIMPLE, ...SIZED];
  makers[random.below(makers.length)]!(random, fields, name, `${message}.${name}`, depth);
}

type Maker = (random: Random, fields: Declared, name: string, path: string, depth: number) => void;

const order = (random: Random): "big" | "little" => (random.below(2) === 0 ? "big" : "little");

const SIMPLE: readonly Maker[] = [
  (random, fields, name) => {
    const bits = 8 * (1 + random.below(6));
    fields[name] = (random.below(2) === 0 ? uint : int)(bits, 0, { order: order(random) });
  },
  (random, fields, name) => {
    const signed = random.below(2) === 0;
    fields[name] = wide(8 * (7 + random.below(10)), 0n, { signed, order: order(random) });
  },
  addBits,
  (random, fields, name) => {
    const bits = 8 * (1 + random.below(4));
    const masks = { low: 1, second: 2, high: 2 ** (bits - 1) };
    fields[name] = flags(masks, { bits, order: order(random) });
  },
  (random, fields, name) => {
    fields[name] = [ip(), ip6(), mac()][random.below(3)]!;
  },
  (random, fields, name) => {
    fields[name] = random.below(2) === 0 ? bytes(random.below(9)) : text(random.below(9));
  },
  (_random, fields, name) => {
    fields[name] = u8(0, { names: { 1: "one", 2: "two words" } });
  },
];

/** Numbers that share bytes. */
function addBits(random: Random, fields: Declared, name: string): void {
  let used = 0;
  for (let i = 0; ; i++) {
    const free = (8 - (used % 8)) % 8;
    const isLast = i > 0 && free > 0 && random.below(3) === 0;
    // What is eight bits at a run's start is a byte of its own.
    const width = isLast ? free : 1 + random.below(48 - (used % 8));
    if (used === 0 && width % 8 === 0) continue;
    fields[`${name}x${i}`] = (random.below(2) === 0 ? uint : int)(width);
    used += width;
    if (used % 8 === 0) return;
  }
}

const SIZED: readonly Maker[] = [
  (random, fields, name) => {
    fields[`${name}Size`] = u8(computed(`sizeOf.${name} + 1`));
    const length = `${name}Size - 1`;
    fields[name] = random.below(2) === 0 ? bytes(length) : text(length);
  },
  (random, fields, name) => {
    fields[`${name}Count`] = u16(computed(`count.${name}`), { order: order(random) });
    const count = `${name}Count`;
    fields[name] =
      random.below(2) === 0 ? list(uint(24, 0, { order: "little" }), { count }) : list(ip(), { count });
  },
  (random, fields, name) => {
    fields[`${name}There`] = u8(0, { names: { 0: "no", 1: "yes" } });
    const condition = `${name}There == 1`;
    fields[name] = random.below(2) === 0 ? when(condition, int(24)) : when(condition, mac());
  },
  (_random, fields, name) => {
    fields[name] = u16(checksum({ algorithm: "internet", over: "header" }), { query: [] });
  },
];

const NESTED: readonly Maker[] = [
  (random, fields, name, path, depth) => {
    fields[name] = struct(randomMessage(random, path, depth + 1));
  },
  (random, fields, name, path, depth) => {
    fields[`${name}Count`] = u8(computed(`count.${name}`));
    fields[name] = list(randomMessage(random, path, depth + 1), { count: `${name}Count` });
  },
  (random, fields, name, path, depth) => {
    fields[`${name}Size`] = u16(computed(`sizeOf.${name}`));
    fields[name] = list(option(random, path, depth), { length: `${name}Size` });
  },
];

/** A type, a length, and what both say. */
function option(random: Random, path: string, depth: number): Message {
  const cases = {
    1: uint(16, 0, { order: order(random), query: `${path}.number` }),
    2: randomMessage(random, `${path}.two`, depth + 1),
    3: text("rest", { query: `${path}.text` }),
  };
  return message(path, {
    fields: {
      type: u8(1, { names: { 1: "number", 2: "structure", 3: "text" } }),
      length: u8(computed("sizeOf.value")),
      value: choose("type", cases, { length: "length" }),
    },
  }) as unknown as Message;
}

/** What goes on to the end. */
function addLast(random: Random, message: string, fields: Declared): void {
  const path = `${message}.last`;
  const choice = random.below(4);
  if (choice === 0) fields["last"] = bytes("rest");
  else if (choice === 1) fields["last"] = text("rest");
  else if (choice === 2) fields["last"] = list(option(random, path, 1));
  else {
    fields["last"] = list(option(random, path, 1), { until: "type == 0" });
    fields["filling"] = padding(4);
  }
}
