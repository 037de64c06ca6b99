import { safeText } from "#base/safe-text.ts";
import type { Layer, Packet } from "#packet/dissect.ts";
import { frameTime, type Frame } from "#packet/query/frame.ts";
import { layerInfo } from "#packet/show.ts";

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
  const addressed = own.findLast(({ values }) => typeof values["source"] === "string");
  const named = own.findLast(({ message }) => !message.transparent && message !== packet.registry.fallback);
  return {
    number: String(frame.number ?? ""),
    time: secondsText((frameTime(frame) ?? 0n) - (frame.firstTime ?? 0n)),
    source: addressText(addressed, "source"),
    destination: addressText(addressed, "destination"),
    protocol: (named?.message.protocol ?? "data").toUpperCase(),
    info: infoOf(packet, own),
  };
}

function addressText(layer: Layer | undefined, end: "source" | "destination"): string {
  const value = layer?.values[end];
  if (value === "ff:ff:ff:ff:ff:ff") return "broadcast";
  return typeof value === "string" ? safeText(value) : "";
}

/** What the innermost layer with something to say says, and what is wrong. */
function infoOf(packet: Packet, layers: readonly Layer[]): string {
  const speaking = layers.findLast((layer) => layerInfo(layer) !== "");
  const problem = packet.problems.find(({ kind }) => kind !== "offload");
  const wrong = problem ? `[${problem.kind}: ${problem.error}]` : "";
  return [speaking ? layerInfo(speaking) : (layers.at(-1)?.message.title ?? ""), wrong]
    .filter((each) => each !== "")
    .join(" ");
}

/** Nanoseconds as seconds with six digits, nine where they are needed. */
export function secondsText(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? "-" : "";
  const all = (nanoseconds < 0n ? -nanoseconds : nanoseconds).toString().padStart(10, "0");
  const fraction = all.slice(-9);
  return `${sign}${all.slice(0, -9)}.${fraction.endsWith("000") ? fraction.slice(0, 6) : fraction}`;
}

const WIDTHS = { number: 6, time: 12, source: 22, destination: 22, protocol: 9 } as const;

/** The row as a line: columns that grow where something is longer. */
export function rowText(row: Row): string {
  const columns = Object.entries(WIDTHS).map(([name, width]) => {
    const text = row[name as keyof Row];
    return name === "number" || name === "time" ? text.padStart(width) : text.padEnd(width);
  });
  return `${columns.join(" ")} ${row.info}`.trimEnd();
}
