import { safeText } from "#base/safe-text.ts";
import type { Layer, Packet } from "#packet/dissect.ts";
import { frameTime, type Frame } from "#packet/query/frame.ts";
import { layerInfo, problemText } from "#packet/show.ts";

/** A packet in one line. */
export interface Row {
  readonly number: string;
  /** Seconds since the first packet. */
  readonly time: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly info: string;
}

export function rowOf(packet: Packet, frame: Frame): Row {
  const { layers } = packet;
  const own = layers.filter(({ quoted }) => !quoted);
  const [source, destination] = addressesOf(own);
  const named = own.findLast(({ message }) => !message.transparent && message !== packet.registry.fallback);
  const protocol = named ? (named.message.label ?? named.message.protocol.toUpperCase()) : "Data";
  return {
    number: String(frame.number ?? ""),
    time: secondsText((frameTime(frame) ?? 0n) - (frame.firstTime ?? 0n)),
    source,
    destination,
    protocol,
    info: infoOf(packet, own, protocol),
  };
}

/** Of the innermost layer that has both; a cooked capture knows only the sender's. */
function addressesOf(layers: readonly Layer[]): [source: string, destination: string] {
  const at = layers.findLastIndex(
    ({ values }) => typeof values["source"] === "string" && typeof values["destination"] === "string",
  );
  if (at < 0) return [addressText(layers[0]?.values["sourceMac"]), ""];
  let { source, destination } = layers[at]!.values;
  for (const { message, values, whole } of layers.slice(at + 1)) {
    const ends = whole ? message.endpoints?.(values) : undefined;
    source = ends?.source ?? source;
    destination = ends?.destination ?? destination;
  }
  return [addressText(source), addressText(destination)];
}

function addressText(address: unknown): string {
  if (address === "ff:ff:ff:ff:ff:ff") return "broadcast";
  return typeof address === "string" ? safeText(address) : "";
}

/** What the innermost layer with something to say says, and what is wrong. */
function infoOf(packet: Packet, layers: readonly Layer[], protocol: string): string {
  const said = saidBy(layers) ?? layers.at(-1)?.message.title ?? "";
  const wrong = wrongWith(packet);
  if (wrong === undefined) return said;
  return said === protocol || said === "" ? `[${wrong}]` : `${said} [${wrong}]`;
}

function saidBy(layers: readonly Layer[]): string | undefined {
  const infos = layers.map(layerInfo);
  // Of a stream's messages each has its say.
  const each = infos.filter((info, i) => info !== "" && layers[i - 1]?.message.repeats);
  const more = each.length - MOST_MESSAGES;
  if (more > 0) return `${each.slice(0, MOST_MESSAGES).join("; ")}; ${more} more`;
  return each.length > 1 ? each.join("; ") : infos.findLast((info) => info !== "");
}

/** Messages that fit a line. */
const MOST_MESSAGES = 3;

/** The first problem of the packet itself: what it quotes of others may be anything. */
function wrongWith(packet: Packet): string | undefined {
  const { layers, captured } = packet;
  const quotedFrom = layers.find(({ quoted }) => quoted)?.start ?? Infinity;
  const problem = packet.problems.find(({ kind, at }) => kind !== "offload" && at < quotedFrom);
  const last = layers.at(-1);
  const inData = last?.message === packet.registry.fallback;
  if (problem) return inData && problem.kind === "cut" ? "cut" : problemText(problem);
  return last && last.headerEnd >= captured && last.end > captured && captured < packet.end
    ? "cut"
    : undefined;
}

/** Nanoseconds as seconds with six digits, nine where they are needed. */
export function secondsText(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? "-" : "";
  const all = (nanoseconds < 0n ? -nanoseconds : nanoseconds).toString().padStart(10, "0");
  const fraction = all.slice(-9);
  return `${sign}${all.slice(0, -9)}.${fraction.endsWith("000") ? fraction.slice(0, 6) : fraction}`;
}

/** Of the columns before the last; most addresses of IPv4 and all of Ethernet fit. */
const WIDTHS = { number: 6, time: 12, source: 17, destination: 17, protocol: 8 } as const;
type Column = keyof typeof WIDTHS;
const COLUMNS = Object.keys(WIDTHS) as Column[];

/** Makes lines of rows: a column stays as wide as the longest text that was in it so far. */
export function rowPrinter(): (row: Row) => string {
  const widths: Record<Column, number> = { ...WIDTHS };
  return (row) => {
    const columns = COLUMNS.map((name) => {
      widths[name] = Math.max(widths[name], row[name].length);
      return name === "number" || name === "time"
        ? row[name].padStart(widths[name])
        : row[name].padEnd(widths[name]);
    });
    return `${columns.join(" ")} ${row.info}`.trimEnd();
  };
}
