import { explain, OperatorError } from "#base/operator-error.ts";
import type { Clock } from "#host/clock.ts";
import type { PacketHandlers, PacketSocket } from "#host/packet-sockets.ts";
import { PacketRunner, type PacketCore } from "#machine/packet-runner.ts";
import { Exchange, type ExchangeOutput } from "#packet/exchange/exchange.ts";
import type { ExchangeDefinition } from "#packet/exchange/definition.ts";
import type { Message } from "#packet/message.ts";
import type { Attempt, JobRun } from "#services/packets-job.ts";
import { LONGEST_CALL_MS, MOST_LONG_CALLS, SENT_PER_SECOND } from "#services/packets-limits.ts";
import { RateLimit } from "#services/packets-rate.ts";
import { failureAt, reasonOf, type ResponderRecord } from "#services/packets-records.ts";
import type { ResponderTeller } from "#services/packets-teller.ts";
import type { PacketsToolkit } from "#services/packets-toolkit.ts";
import type { NodeHost } from "#services/service.ts";

export interface ResponderRunOptions {
  readonly host: NodeHost;
  readonly toolkit: PacketsToolkit;
  readonly name: string;
  readonly interface: string;
  readonly definition: ExchangeDefinition;
  readonly record: ResponderRecord;
  readonly teller: ResponderTeller;
}

/** Runs a responder on an interface. Rejects when it cannot be begun. */
export async function runResponder(options: ResponderRunOptions, attempt: Attempt): Promise<JobRun> {
  const { host, toolkit, record } = options;
  const { clock } = host;
  const { queries } = exchangeOf(options, toolkit.first(ETHERNET));
  let received: PacketHandlers["received"] = () => {};
  const { socket, first, dropped } = await toolkit.open(
    host.packetSockets,
    // It speaks for whom it likes: what comes need not be addressed to this machine.
    { interface: options.interface, mode: "latency", promiscuous: true },
    queries,
    {
      received: (packet) => received(packet),
      failed: (error) => {
        record.failed(reasonOf(error), clock.wallTime());
        attempt.failed(error);
      },
    },
  );
  if (attempt.isOver()) {
    socket.close();
    throw new Error("given up");
  }
  const exchange = exchangeOf(options, first);
  const failed = failing(options, first, attempt);
  const runner = new PacketRunner(timed(exchange, clock, failed), clock, telling(options, attempt, failed));
  ({ received } = runner.handlers(attempt.failed));
  record.follow(exchange, dropped);
  const close = (): void => {
    runner.stop();
    socket.close();
    record.leave();
  };
  try {
    runner.start(reporting(socket, clock, (count, error) => record.unsent(count, error, clock.wallTime())));
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}

/** Throws OperatorError for a definition that is none: a query or a state is wrong. */
function exchangeOf({ toolkit, definition, host, name }: ResponderRunOptions, first: Message): Exchange {
  try {
    return new Exchange(toolkit.registry, definition, first, host.random.fork());
  } catch (error) {
    const remedy = "mend its file; it is read again when it is started";
    throw new OperatorError(`the responder ${name} cannot run: ${reasonOf(error)}`, remedy, { cause: error });
  }
}

/** Its own code is at fault; the responder goes on after what it `mayGoOn` after. */
type Failed = (error: string, packet: Uint8Array | undefined, mayGoOn?: boolean) => void;

function failing({ host, toolkit, record }: ResponderRunOptions, first: Message, attempt: Attempt): Failed {
  return (error, bytes, mayGoOn = false) => {
    const packet = bytes ? toolkit.summary(first, bytes) : "";
    record.failed(error, host.clock.wallTime(), packet);
    if (!mayGoOn) attempt.ended("failed", failureAt(error, packet));
  };
}

function telling({ teller }: ResponderRunOptions, attempt: Attempt, failed: Failed) {
  return (output: ExchangeOutput): void => {
    if (output.type === "told") teller.told(output.text, output.details);
    else if (output.type === "state") teller.moved(output.from, output.to);
    else if (output.type === "done") attempt.ended("done", "");
    else if (output.type === "failed") failed(output.error, output.packet);
  };
}

/**
 * The exchange, but functions that hold the node up are an error. Only the third such call ends it: a machine may stand
 * still for a moment. Nothing helps against a function that never ends.
 */
function timed(exchange: Exchange, clock: Clock, failed: Failed): PacketCore<ExchangeOutput> {
  let slow = 0;
  return {
    handle: (input, now) => {
      const outputs = exchange.handle(input, now);
      const tookMs = clock.now() - now;
      // The start compiles its queries.
      if (tookMs <= LONGEST_CALL_MS || input.type === "start") return outputs;
      const packet = input.type === "packet" ? input.bytes.slice(input.start, input.stop) : undefined;
      const isLast = ++slow === MOST_LONG_CALLS;
      failed(`its functions took ${Math.round(tookMs)} ms, and the node waited`, packet, !isLast);
      return isLast ? [] : outputs;
    },
    get wakeAt() {
      return exchange.wakeAt;
    },
  };
}

/** The socket, but within a rate, and a packet that cannot be sent is reported and harms nobody. */
function reporting(
  socket: PacketSocket,
  clock: Clock,
  report: (count: number, error: string) => void,
): Pick<PacketSocket, "send"> {
  const rate = new RateLimit(clock, SENT_PER_SECOND, SENT_PER_SECOND);
  return {
    send: (packets) => {
      const passing = rate.take(packets.length);
      const late = packets.length - passing;
      if (late > 0) report(late, `it sends more than ${SENT_PER_SECOND} packets a second`);
      return sendAll(socket, packets.slice(0, passing), report);
    },
  };
}

/** How many were sent. One that can never be sent is no reason to keep back those behind it. */
function sendAll(
  socket: PacketSocket,
  packets: readonly Uint8Array[],
  report: (count: number, error: string) => void,
): number {
  let sent = 0;
  for (let at = 0; at < packets.length;) {
    try {
      const taken = socket.send(packets.slice(at));
      sent += taken;
      at += taken;
      if (taken > 0) continue;
      report(packets.length - at, "the interface took no more packets");
      break;
    } catch (error) {
      report(1, explain(error));
      at++;
    }
  }
  return sent;
}

const ETHERNET = 1;
