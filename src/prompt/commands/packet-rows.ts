import type { CapturedPacket } from "#api/gen/parley/v1/packets_pb.ts";
import { OperatorError } from "#base/operator-error.ts";
import { safeText } from "#base/safe-text.ts";
import { readPipes, type Pipe } from "#prompt/pipes.ts";
import { isoTime } from "#prompt/times.ts";

/** Makes lines of packets: number, seconds since the first, addresses, protocol, and what it says. */
export function packetRows(): (packet: CapturedPacket) => string {
  const widths = [6, 12, 17, 17, 8];
  let first: bigint | undefined;
  return (packet) => {
    const { number, time, source, destination, protocol, info } = packet;
    const at = (time?.seconds ?? 0n) * 1_000_000_000n + BigInt(time?.nanos ?? 0);
    first ??= at;
    const cells = [String(number), secondsText(at - first), source, destination, protocol].map(safeText);
    const columns = cells.map((cell, i) => {
      // A column stays as wide as the longest that was in it.
      const width = (widths[i] = Math.max(widths[i]!, cell.length));
      return i < 2 ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${columns.join(" ")} ${safeText(info)}`.trimEnd();
  };
}

export function packetJson(packet: CapturedPacket): unknown {
  const { number, time, length, data, outgoing, source, destination, protocol, info } = packet;
  return {
    number: Number(number),
    time: isoTime(time),
    length,
    outgoing,
    source,
    destination,
    protocol,
    info,
    data: Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
}

/**
 * A query and the filters behind it: "udp.port == 53 | include example". No query has a single bar outside of quotation
 * marks. Throws OperatorError for filters that are none.
 */
export function queryAndPipes(text: string): { readonly query: string; readonly pipes: readonly Pipe[] } {
  const bar = singleBar(text);
  if (bar === undefined) return { query: text.trim(), pipes: [] };
  const read = readPipes(text, bar);
  if (!read.ok) throw new OperatorError(`after "|": ${read.message}`, "a query itself has || for or");
  return { query: text.slice(0, bar).trim(), pipes: read.pipes };
}

function singleBar(text: string): number | undefined {
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === "\\" && isQuoted) at++;
    else if (letter === '"') isQuoted = !isQuoted;
    else if (letter === "|" && !isQuoted) {
      if (text[at + 1] !== "|") return at;
      at++;
    }
  }
  return undefined;
}

/** A sieve for lines that come one by one; what `| count` and `| json` make of them is the caller's. */
export function lineSieve(pipes: readonly Pipe[]): (line: string) => boolean {
  const begun = new Set<Pipe>();
  return (line) =>
    pipes.every((pipe) => {
      if (pipe.type === "include") return pipe.pattern.test(line);
      if (pipe.type === "exclude") return !pipe.pattern.test(line);
      if (pipe.type !== "begin") return true;
      if (pipe.pattern.test(line)) begun.add(pipe);
      return begun.has(pipe);
    });
}

function secondsText(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? "-" : "";
  const digits = (nanoseconds < 0n ? -nanoseconds : nanoseconds).toString().padStart(10, "0");
  return `${sign}${digits.slice(0, -9)}.${digits.slice(-9, -3)}`;
}
