import { parseEndpoint } from "#base/endpoint.ts";
import type { Random } from "#base/random.ts";
import type { Fact } from "#packet/codec.ts";
import { coded, list } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { readText, textBytes } from "#packet/primitive.ts";
import { lossless, type Reading } from "#wire/lossless.ts";

/** One word of a frame: text, or a number of 64 bits. */
export type AreaWord =
  | { readonly type: "text" | "error"; readonly value: string }
  | { readonly type: "unsigned" | "signed"; readonly value: bigint };

/** What one area-net node says to another. */
export interface AreaFrame {
  /** As sent; nodes do not look at its case. */
  readonly command: string;
  readonly arguments: readonly AreaWord[];
}

/** The first byte of a word. */
const SIGNS: Readonly<Record<AreaWord["type"], string>> = {
  text: "+",
  error: "-",
  unsigned: ":",
  signed: "@",
};
const TYPES = new Map(Object.entries(SIGNS).map(([type, sign]) => [sign, type as AreaWord["type"]]));

type Name = "id" | "label" | "addr" | "reason" | "timestamp" | "peer_timestamp" | "count";

interface Command {
  readonly arguments: readonly Name[];
  /** Any number of these follow. */
  readonly more?: Name;
}

/** Commands and what their arguments are. Every request has its response. */
const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["CONN_REQ", { arguments: ["id", "label", "addr"] }],
  ["CONN_RESP", { arguments: ["id", "label"] }],
  ["CONN_REJECT", { arguments: ["id", "reason"] }],
  ["HBT_REQ", { arguments: ["id", "label", "timestamp"] }],
  ["HBT_RESP", { arguments: ["id", "label", "timestamp", "peer_timestamp"] }],
  ["CTCT_REQ", { arguments: [] }],
  ["CTCT_RESP", { arguments: ["count"], more: "addr" }],
]);

const WORD_TYPES: Readonly<Record<Name, AreaWord["type"]>> = {
  id: "text",
  label: "text",
  addr: "text",
  reason: "text",
  timestamp: "signed",
  peer_timestamp: "signed",
  count: "unsigned",
};

const FACTS: readonly Fact[] = [
  { query: "area.command", type: "text", title: "Command" },
  { query: "area.id", type: "text", title: "Node" },
  { query: "area.label", type: "text", title: "Label" },
  { query: "area.addr", type: "text", title: "Address" },
  { query: "area.reason", type: "text", title: "Reason" },
  { query: "area.timestamp", type: "number", title: "Time of the request, microseconds since 1970" },
  { query: "area.peer_timestamp", type: "number", title: "Time of the response, microseconds since 1970" },
  { query: "area.count", type: "number", title: "Count of addresses" },
  { query: "area.argument", type: "text", title: "Argument of an unknown command" },
];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Texts and numbers may not become more than a segment is; a count of words may not be longer. */
const MOST_COUNT_DIGITS = 6;
const WORD_LIMITS = { unsigned: [0n, 2n ** 64n - 1n], signed: [-(2n ** 63n), 2n ** 63n - 1n] } as const;

const areaCodec = lossless<AreaFrame>({
  name: "area",
  initial: { command: "CTCT_REQ", arguments: [] },
  read: readFrame,
  write: writeFrame,
  random: randomFrame,
  show: ({ command, arguments: words }) => [command, ...words.map(({ value }) => value)].join(" "),
  facts: FACTS,
  found: ({ command, arguments: words }, take) => {
    const name = command.toUpperCase();
    take("area.command", name);
    const known = COMMANDS.get(name);
    for (const [i, { value }] of words.entries()) {
      const argument = known?.arguments[i] ?? known?.more;
      const fact = FACTS.find(({ query }) => query === `area.${argument ?? "argument"}`)!;
      if (fact.type === "text") take(fact.query, String(value));
      else if (typeof value === "bigint") take(fact.query, value);
    }
  },
});

/** area-net: nodes that know each other's addresses and measure how far they are. Frames of words, one line each. */
export const Area = message("area", {
  title: "area-net",
  label: "Area",
  fields: { frames: list(coded(areaCodec)) },
  on: { "tcp.port": 8083 },
  info: ({ frames }) =>
    frames.flatMap((frame) => (frame instanceof Uint8Array ? [] : [frameText(frame)])).join("; "),
});

/** Arguments that a line has room for. */
const SHOWN: ReadonlySet<Name> = new Set<Name>(["label", "addr", "reason", "count"]);

/** "CONN_REQ east [2001:db8::1]:8083". */
function frameText({ command, arguments: words }: AreaFrame): string {
  const names = COMMANDS.get(command.toUpperCase())?.arguments ?? [];
  const shown = words.filter((_, i) => names[i] !== undefined && SHOWN.has(names[i]));
  return [command, ...shown.map(({ value }) => String(value))].join(" ");
}

function readFrame(bytes: Uint8Array, at: number, end: number): Reading<AreaFrame> {
  const [head, start] = lineAt(bytes, at, end) ?? ["", end];
  const sign = String.fromCharCode(bytes[at]!);
  if (sign !== "*" && !TYPES.has(sign)) return { ok: false, end: afterFrame(bytes, at, end) };
  const open = {
    ok: false,
    end,
    problem: "a frame over several segments, which area-net cannot read",
  } as const;
  if (start === end && head === "") return open;
  const wrong = (problem: string): Reading<AreaFrame> => ({
    ok: false,
    end: afterFrame(bytes, at, end),
    problem,
  });
  const count = /^\*(\d+)$/.exec(head)?.[1];
  if (count === undefined || count.length > MOST_COUNT_DIGITS) return wrong("not an array of words");
  const words: AreaWord[] = [];
  let next = start;
  while (words.length < Number(count)) {
    const line = lineAt(bytes, next, end);
    if (!line) return open;
    const word = wordOf(line[0]);
    if (!word) return wrong("a word that area-net cannot read");
    words.push(word);
    next = line[1];
  }
  const [command, ...rest] = words;
  if (command?.type !== "text") return wrong("no command");
  const value = { command: command.value, arguments: rest };
  const problem = problemOf(value);
  return { ok: true, value, end: next, ...(problem !== undefined && { problem }) };
}

/** The line at `at` without its end, and where the next starts; undefined when it does not end. */
function lineAt(bytes: Uint8Array, at: number, end: number): readonly [string, number] | undefined {
  const stop = findLineEnd(bytes, at, end);
  return stop < 0 ? undefined : [readText(bytes, at, stop), stop + 2];
}

function findLineEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at + 1 < end; at++) {
    if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) return at;
  }
  return -1;
}

/** Behind bytes that are no frame: where the next line begins like one. */
function afterFrame(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at + 1 < end; at++)
    if (bytes[at] === LINE_FEED && bytes[at + 1] === ASTERISK) return at + 1;
  return end;
}

function wordOf(line: string): AreaWord | undefined {
  const type = TYPES.get(line[0] ?? "");
  const rest = line.slice(1);
  if (type === "text" || type === "error") return { type, value: rest };
  if (type === undefined || !/^[+-]?\d{1,20}$/.test(rest)) return undefined;
  const value = BigInt(rest);
  const [low, high] = WORD_LIMITS[type];
  return value >= low && value <= high ? { type, value } : undefined;
}

/** What makes an area-net node fall silent. */
function problemOf({ command, arguments: words }: AreaFrame): string | undefined {
  const known = COMMANDS.get(command.toUpperCase());
  if (!known) return `the unknown command ${command}`;
  const least = known.arguments.length;
  if (words.length < least || (words.length > least && known.more === undefined))
    return `${command} with ${words.length} arguments`;
  for (const [i, { type, value }] of words.entries()) {
    const name = known.arguments[i] ?? known.more!;
    if (type !== WORD_TYPES[name]) return `${command} with a wrong ${name}`;
    if (name === "id" && !UUID.test(String(value))) return `${command} with an id that is no UUID`;
    if (name === "addr" && !parseEndpoint(String(value)))
      return `${command} with an address without IP or port`;
  }
  const listed = words[0];
  return known.more !== undefined && listed?.value !== BigInt(words.length - 1)
    ? `${command} with a wrong count`
    : undefined;
}

function writeFrame({ command, arguments: words }: AreaFrame): Uint8Array {
  const all: readonly AreaWord[] = [{ type: "text", value: command }, ...words];
  const lines = all.map(({ type, value }) => {
    const limits = type === "unsigned" || type === "signed" ? WORD_LIMITS[type] : undefined;
    if (limits && (typeof value !== "bigint" || value < limits[0] || value > limits[1]))
      throw new TypeError(`area: ${value} is no ${type} number of 64 bits`);
    const text = String(value);
    // Nothing is escaped: a line end in a word would be another frame.
    if (/[\r\n]/.test(text)) throw new TypeError("area: a word cannot hold a line end");
    return `${SIGNS[type]}${text}\r\n`;
  });
  return textBytes(`*${all.length}\r\n${lines.join("")}`);
}

function randomFrame(random: Random): AreaFrame {
  const names = [...COMMANDS.keys()];
  const command = names[random.below(names.length)]!;
  const { arguments: fixed, more } = COMMANDS.get(command)!;
  const extra = more === undefined ? 0 : random.below(4);
  const words = fixed.map((name) => randomWord(name, random, extra));
  for (let i = 0; i < extra; i++) words.push(randomWord(more!, random, extra));
  return { command, arguments: words };
}

function randomWord(name: Name, random: Random, count: number): AreaWord {
  switch (name) {
    case "id":
      return { type: "text", value: [8, 4, 4, 4, 12].map((digits) => random.hex(digits)).join("-") };
    case "addr":
      return { type: "text", value: `[::${random.hex(4)}]:${random.below(65_536)}` };
    case "count":
      return { type: "unsigned", value: BigInt(count) };
    case "timestamp":
    case "peer_timestamp":
      return { type: "signed", value: BigInt(random.next()) * 1_000n - 5n };
    default:
      return { type: "text", value: `node é ${random.hex(random.below(9))}` };
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const ASTERISK = 0x2a;
