import type { Exchange, ExchangeInput, ExchangeOutput } from "#packet/exchange/exchange.ts";
import type { CapturedPacket } from "#packet/file/packets.ts";

/** What an exchange did, and when: ms since the capture's first packet. */
export interface TimedOutput {
  readonly at: number;
  readonly output: ExchangeOutput;
}

/**
 * Runs an exchange over the packets of a capture, in their own time, until it is over: it wakes between them as it would
 * have, and behind the last one for ten seconds more. What it sends goes nowhere. Packets that start with another
 * protocol than the exchange's are left out.
 */
export function* runOverCapture<Data>(
  exchange: Exchange<Data>,
  packets: Iterable<CapturedPacket>,
): Generator<TimedOutput> {
  const { registry, first } = exchange;
  let begin: CapturedPacket | undefined;
  let now = 0;
  yield* step(exchange, { type: "start" }, now);
  for (const packet of packets) {
    if (exchange.isOver) return;
    const { bytes, originalLength, number, seconds, nanoseconds, linkType } = packet;
    begin ??= packet;
    const since = (seconds - begin.seconds) * 1_000 + (nanoseconds - begin.nanoseconds) / 1e6;
    // A clock that was set back does not turn time around.
    now = Math.max(now, since);
    yield* wakes(exchange, now);
    if ((registry.find("linktype", linkType) ?? registry.fallback) !== first) continue;
    const frame = { number, seconds, nanoseconds, length: originalLength, capturedLength: bytes.length };
    yield* step(exchange, { type: "packet", bytes, start: 0, stop: bytes.length, frame }, now);
  }
  yield* wakes(exchange, now + LAST_WAIT_MS);
}

function* wakes<Data>(exchange: Exchange<Data>, until: number): Generator<TimedOutput> {
  while (exchange.wakeAt <= until) yield* step(exchange, { type: "wake" }, exchange.wakeAt);
}

function* step<Data>(exchange: Exchange<Data>, input: ExchangeInput, at: number): Generator<TimedOutput> {
  for (const output of exchange.handle(input, at)) yield { at, output };
}

/** A retry or two; a machine that wakes for ever would never end. */
const LAST_WAIT_MS = 10_000;
