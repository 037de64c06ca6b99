import type { Exchange, ExchangeOutput } from "#packet/exchange/exchange.ts";
import type { CapturedPacket } from "#packet/file/packets.ts";

/** What an exchange did, and when: ms since the capture's first packet. */
export interface TimedOutput {
  readonly at: number;
  readonly output: ExchangeOutput;
}

/**
 * Runs an exchange over the packets of a capture, in their own time: it wakes between them as it would have, and once
 * more behind the last one while it still waits. What it sends goes nowhere.
 */
export function* runOverCapture<Data>(
  exchange: Exchange<Data>,
  packets: Iterable<CapturedPacket>,
): Generator<TimedOutput> {
  let begin: number | undefined;
  let now = 0;
  function* take(outputs: readonly ExchangeOutput[]): Generator<TimedOutput> {
    for (const output of outputs) yield { at: now, output };
  }
  yield* take(exchange.handle({ type: "start" }, now));
  for (const { bytes, originalLength, number, seconds, nanoseconds } of packets) {
    const at = seconds * 1_000 + nanoseconds / 1e6;
    begin ??= at;
    // A clock that was set back does not turn time around.
    const next = Math.max(now, at - begin);
    yield* wakes(exchange, next, (time) => (now = time), take);
    now = next;
    const frame = { number, seconds, nanoseconds, length: originalLength, capturedLength: bytes.length };
    yield* take(exchange.handle({ type: "packet", bytes, start: 0, stop: bytes.length, frame }, now));
  }
  yield* wakes(exchange, now + LAST_WAIT_MS, (time) => (now = time), take);
}

function* wakes<Data>(
  exchange: Exchange<Data>,
  until: number,
  setTime: (now: number) => void,
  take: (outputs: readonly ExchangeOutput[]) => Generator<TimedOutput>,
): Generator<TimedOutput> {
  for (let count = 0; exchange.wakeAt <= until && count < MOST_WAKES; count++) {
    const now = exchange.wakeAt;
    setTime(now);
    yield* take(exchange.handle({ type: "wake" }, now));
  }
}

/** A retry or two; a machine that wakes for ever would never end. */
const LAST_WAIT_MS = 10_000;
/** A timeout of 0 ms must not hang the run. */
const MOST_WAKES = 10_000;
