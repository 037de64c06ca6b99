import { explain } from "#base/operator-error.ts";
import type { PacketHandlers, PacketSocket } from "#host/packet-sockets.ts";
import { PacketRunner } from "#machine/packet-runner.ts";
import { Exchange, type ExchangeOutput } from "#packet/exchange/exchange.ts";
import type { ExchangeDefinition } from "#packet/exchange/definition.ts";
import type { Message } from "#packet/message.ts";
import type { Attempt, JobRun } from "#services/packets-job.ts";
import { TOLD_PER_SECOND } from "#services/packets-limits.ts";
import type { ResponderRecord } from "#services/packets-records.ts";
import type { PacketsToolkit } from "#services/packets-toolkit.ts";
import type { NodeHost } from "#services/service.ts";

export interface ResponderRunOptions {
  readonly host: NodeHost;
  readonly toolkit: PacketsToolkit;
  /** "arp on eth0", before what it tells. */
  readonly title: string;
  readonly interface: string;
  readonly definition: ExchangeDefinition;
  readonly record: ResponderRecord;
}

/** Runs a responder on an interface. Rejects when it cannot be begun. */
export async function runResponder(options: ResponderRunOptions, attempt: Attempt): Promise<JobRun> {
  const { host, toolkit, title, definition, record } = options;
  const { clock } = host;
  const make = (first: Message): Exchange =>
    new Exchange(toolkit.registry, definition, first, host.random.fork());
  const queries = make(toolkit.first(ETHERNET)).queries;
  let received: PacketHandlers["received"] = () => {};
  const { socket, first } = await toolkit.open(
    host.packetSockets,
    // It speaks for whom it likes: what comes need not be addressed to this machine.
    { interface: options.interface, mode: "latency", promiscuous: true },
    queries,
    {
      received: (packet) => received(packet),
      failed: (error) => {
        record.failed(explain(error), clock.wallTime());
        attempt.failed(error);
      },
    },
  );
  if (attempt.isOver()) {
    socket.close();
    throw new Error("given up");
  }
  const exchange = make(first);
  const teller = new Teller(host, title);
  const tell = (output: ExchangeOutput): void => {
    if (output.type === "told") teller.say(output.text, output.details);
    else if (output.type === "state") host.log.publish("debug", `${title}: ${output.from} -> ${output.to}`);
    else if (output.type === "done") attempt.ended("done", "");
    else if (output.type === "failed") {
      const packet = output.packet ? toolkit.summary(first, output.packet) : "";
      record.failed(output.error, clock.wallTime(), packet);
      attempt.ended("failed", `${output.error}${packet === "" ? "" : `, at ${packet}`}`);
    }
  };
  const runner = new PacketRunner<ExchangeOutput>(exchange, clock, tell);
  ({ received } = runner.handlers(attempt.failed));
  record.follow(exchange);
  const close = (): void => {
    runner.stop();
    socket.close();
    record.leave();
  };
  try {
    runner.start(reporting(socket, (count, error) => record.unsent(count, error, clock.wallTime())));
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}

/** The socket, but a packet that cannot be sent is reported and harms nobody. */
function reporting(socket: PacketSocket, report: (count: number, error: string) => void): PacketSocket {
  return {
    linkType: socket.linkType,
    setFilter: (filter) => socket.setFilter(filter),
    statistics: () => socket.statistics(),
    close: () => socket.close(),
    send: (packets) => {
      let taken = 0;
      try {
        taken = socket.send(packets);
        if (taken < packets.length) report(packets.length - taken, "the interface took no more packets");
      } catch (error) {
        report(packets.length, explain(error));
      }
      return taken;
    },
  };
}

/** Puts into the log what a responder tells, within a rate. */
class Teller {
  readonly #host: NodeHost;
  readonly #title: string;
  #second = -Infinity;
  #count = 0;
  #unsaid = 0;

  constructor(host: NodeHost, title: string) {
    this.#host = host;
    this.#title = title;
  }

  say(text: string, details: unknown): void {
    const now = this.#host.clock.now();
    if (now - this.#second >= 1_000) {
      this.#second = now;
      this.#count = 0;
    }
    if (this.#count >= TOLD_PER_SECOND) return void this.#unsaid++;
    this.#count++;
    const left = this.#unsaid === 0 ? "" : ` (${this.#unsaid} before it are left out)`;
    this.#unsaid = 0;
    this.#host.log.publish("info", `${this.#title}: ${text}${detailText(details)}${left}`);
  }
}

function detailText(details: unknown): string {
  if (details === undefined) return "";
  try {
    return ` ${JSON.stringify(details)}`;
  } catch (error) {
    return ` (${explain(error)})`;
  }
}

const ETHERNET = 1;
