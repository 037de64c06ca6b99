import type { Random } from "#base/random.ts";
import type { QueryField } from "#packet/query-field.ts";

/** Queries that mostly mean something: fields of the registry, compared with values of their type. */
export function makeQuery(random: Random, fields: readonly QueryField[], depth = 0): string {
  const choice = random.below(depth > 3 ? 4 : 10);
  const again = (): string => makeQuery(random, fields, depth + 1);
  if (choice === 9) return `${pick(random, ["not ", "!", "not not "])}${again()}`;
  if (choice === 8) return `(${again()})`;
  if (choice >= 6) return `${again()} ${pick(random, OPERATORS)} ${again()}`;
  return makeTest(random, fields);
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

function makeTest(random: Random, fields: readonly QueryField[]): string {
  const field = pick(random, fields);
  const operand = makeOperand(random, field, fields);
  const quantifier = pick(random, ["", "", "", "", "any ", "all "]);
  const isText = field.type === "text" || field.type === "bytes" || field.type === "protocol";
  switch (random.below(isText ? 8 : 6)) {
    case 0:
      return operand;
    case 1:
      return `${quantifier}${operand} ${pick(random, ["in", "not in"])} {${makeSet(random, field)}}`;
    case 2:
      return `${quantifier}${operand} ${pick(random, ORDERED)} ${makeOperand(random, pick(random, fields), fields)}`;
    case 3:
      return `${makeValue(random, field)} ${pick(random, ORDERED)} ${operand}`;
    case 6:
      return `${quantifier}${operand} contains ${makeValue(random, field)}`;
    case 7:
      return `${quantifier}${operand} matches ${pick(random, PATTERNS)}`;
    default:
      return `${quantifier}${operand} ${pick(random, ORDERED)} ${makeValue(random, field)}`;
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

function makeOperand(random: Random, field: QueryField, fields: readonly QueryField[]): string {
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
      return `${pick(random, ["max", "min"])}(${name}, ${pick(random, fields).name})`;
    case 5:
      return `-${name}`;
    default:
      return name;
  }
}

function makeSet(random: Random, field: QueryField): string {
  const items = Array.from({ length: 1 + random.below(4) }, () =>
    random.below(3) === 0
      ? `${makeValue(random, field)} .. ${makeValue(random, field)}`
      : makeValue(random, field),
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

function makeValue(random: Random, { type, names }: QueryField): string {
  if (random.below(16) === 0) return pick(random, Object.values(VALUES).flat());
  const name = names && random.below(4) === 0 ? [...names.values()][random.below(names.size)] : undefined;
  return name === undefined ? pick(random, VALUES[type] ?? NUMBERS) : `"${name}"`;
}

function pick<T>(random: Random, of: readonly T[]): T {
  return of[random.below(of.length)]!;
}
