import type { Random } from "#base/random.ts";
import type { QueryField } from "#packet/query-field.ts";

/** What queries are made of. */
export interface Vocabulary {
  readonly fields: readonly QueryField[];
  /** Values that occur in packets, by the field's name. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** Queries that mostly mean something: fields of the registry, compared with values of their type. */
export function makeQuery(random: Random, words: Vocabulary, depth = 0): string {
  const choice = random.below(depth > 3 ? 4 : 10);
  const again = (): string => makeQuery(random, words, depth + 1);
  if (choice === 9) return `${pick(random, ["not ", "!", "not not "])}${again()}`;
  if (choice === 8) return `(${again()})`;
  if (choice >= 6) return `${again()} ${pick(random, OPERATORS)} ${again()}`;
  return makeTest(random, words);
}

const OPERATORS = ["and", "or", "xor", "&&", "||", "^^"] as const;
const ORDERED = [
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "===",
  "!==",
  "~=",
  "eq",
  "ne",
  "lt",
  "ge",
  "any_eq",
  "all_ne",
] as const;

/** Half of the time one that occurs. */
function pickField(random: Random, { fields, values }: Vocabulary): QueryField {
  const name = random.below(2) === 0 ? [...values.keys()][random.below(values.size)] : undefined;
  return fields.find((field) => field.name === name) ?? pick(random, fields);
}

function makeTest(random: Random, words: Vocabulary): string {
  const field = pickField(random, words);
  const operand = makeOperand(random, field, words);
  const quantifier = pick(random, ["", "", "", "", "any ", "all "]);
  const isText = field.type === "text" || field.type === "bytes" || field.type === "protocol";
  switch (random.below(isText ? 8 : 6)) {
    case 0:
      return operand;
    case 1:
      return `${quantifier}${operand} ${pick(random, ["in", "not in"])} {${makeSet(random, field, words)}}`;
    case 2:
      return `${quantifier}${operand} ${pick(random, ORDERED)} ${makeOperand(random, pickField(random, words), words)}`;
    case 3:
      return `${makeValue(random, field, words)} ${pick(random, ORDERED)} ${operand}`;
    case 6:
      return `${quantifier}${operand} contains ${makeValue(random, field, words)}`;
    case 7:
      return `${quantifier}${operand} matches ${pick(random, PATTERNS)}`;
    default:
      return `${quantifier}${operand} ${pick(random, ORDERED)} ${makeValue(random, field, words)}`;
  }
}

const PATTERNS = [
  '"^a"',
  '"."',
  '"(?s).*\\\\x00"',
  'r"[a-z]{2,}$"',
  '""',
  'r"\\bwww\\b|\\d+"',
  'r"^.{3}"',
] as const;

function makeOperand(random: Random, field: QueryField, words: Vocabulary): string {
  const { name } = field;
  switch (random.below(12)) {
    case 0:
      return `${name}${pick(random, ["[0]", "[1:2]", "[-1]", "[2-3]", "[:2]", "[1:]", "[0,2-3]", "[-4:2]", "[9:9]"])}`;
    case 1:
      return `${name}#${pick(random, ["1", "2", "[-1]", "[1-2]", "[2:]", "0", "[1,3]"])}`;
    case 2:
      return `${pick(random, ["len", "count", "upper", "lower", "string", "abs", "max", "min"])}(${name})`;
    case 3:
      return `${name} ${pick(random, ["+", "-", "*", "/", "%", "&"])} ${pick(random, NUMBERS)}`;
    case 4:
      return `${pick(random, ["max", "min"])}(${name}, ${pickField(random, words).name})`;
    case 5:
      return `-${name}`;
    default:
      return name;
  }
}

function makeSet(random: Random, field: QueryField, words: Vocabulary): string {
  const items = Array.from({ length: 1 + random.below(4) }, () =>
    random.below(3) === 0
      ? `${makeValue(random, field, words)} .. ${makeValue(random, field, words)}`
      : makeValue(random, field, words),
  );
  return items.join(pick(random, [", ", ",", " , "]));
}

const NUMBERS = [
  "0",
  "1",
  "2",
  "3",
  "17",
  "53",
  "0x0800",
  "255",
  "256",
  "65535",
  "4294967295",
  "-1",
  "017",
  "0b11",
  "18446744073709551615",
  "1.5",
] as const;

const VALUES: Readonly<Partial<Record<QueryField["type"], readonly string[]>>> = {
  boolean: ["True", "False", "0", "1", "2"],
  ipv4: ["192.0.2.1", "192.0.2.0/24", "10.0.0.0/8", "0.0.0.0", "255.255.255.255", "224.0.0.5", "0.0.0.0/0"],
  ipv6: ["2001:db8::1", "2001:db8::/32", "ff02::/16", "::", "::1", "::/0", "fe80::1/127"],
  mac: ["ff:ff:ff:ff:ff:ff", "02:00:00:00:00:01", "02-00-00-00-00-02", "0180.c200.0000"],
  bytes: [
    "00",
    "01:02",
    "0x41",
    '"GET"',
    "ff:ff:ff:ff",
    "de-ad-be-ef",
    "00:01:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00",
  ],
  protocol: ["00", "01:02", '"example"', "0x45"],
  text: ['"www.example.com"', '""', '"\\x00"', '"é"', 'r"\\n"', "abc", '"a\\"b"'],
  time: ['"2023-11-14 22:13:20"', "1700000000", "1700000000.5", '"2024-02-29T00:00:00Z"', '"1970-01-01"'],
  duration: ["0", "0.5", "1", "-1", "0.000001", "1e3"],
  float: ["0", "1.5", "-2", "1e10", "0.1"],
};

function makeValue(random: Random, field: QueryField, { values }: Vocabulary): string {
  const { type, names } = field;
  const found = values.get(field.name) ?? [];
  if (found.length > 0 && random.below(2) === 0) return pick(random, found);
  if (random.below(16) === 0) return pick(random, Object.values(VALUES).flat());
  const name = names && random.below(4) === 0 ? [...names.values()][random.below(names.size)] : undefined;
  return name === undefined ? pick(random, VALUES[type] ?? NUMBERS) : `"${name}"`;
}

function pick<T>(random: Random, of: readonly T[]): T {
  return of[random.below(of.length)]!;
}
