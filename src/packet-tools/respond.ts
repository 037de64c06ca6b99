import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { seededRandom } from "#base/random.ts";
import { explain, OperatorError } from "#base/operator-error.ts";
import { safeText } from "#base/safe-text.ts";
import { PacketRunner } from "#machine/packet-runner.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import type { ExchangeDefinition } from "#packet/exchange/definition.ts";
import { exchangeDot } from "#packet/exchange/dot.ts";
import { Exchange, type ExchangeOutput } from "#packet/exchange/exchange.ts";
import { runOverCapture } from "#packet/exchange/over-capture.ts";
import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import { hexText } from "#packet/primitive.ts";
import type { Registry } from "#packet/registry.ts";
import type { PacketHandlers, PacketSocket } from "#host/packet-sockets.ts";
import { systemHost } from "#system/host.ts";
import * as parley from "#wire/library.ts";
import { readArguments } from "#packet-tools/arguments.ts";
import { collectCapture } from "#packet-tools/capture-source.ts";
import { packetSockets, whenAskedToEnd } from "#packet-tools/interface.ts";
import { loadExchange } from "#packet-tools/load-exchange.ts";
import { Output } from "#packet-tools/output.ts";
import { firstOf } from "#packet-tools/queries.ts";
import { rowOf } from "#packet-tools/row.ts";

const USAGE = `Usage: parley packets respond IF FILE.ts [KEY=VALUE]...
       parley packets respond FILE.ts --read PCAP [KEY=VALUE]...
       parley packets respond FILE.ts --dot [KEY=VALUE]...

Runs a responder or a machine that a file of your own exports as exchange(parley, options), on an
interface until it is done or interrupted, or over a capture file; --dot draws it for Graphviz.
The file runs with your rights.
`;

const OPTIONS = {
  read: { type: "string" },
  dot: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** `parley packets respond`. */
export async function runRespond(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments("respond", args, OPTIONS, { least: 0, most: 100 });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const words = positionals.filter((word) => !/^[\w-]+=/.test(word));
  const isOffline = values.read !== undefined || values.dot === true;
  const [name, file] = isOffline ? [undefined, words[0]] : words;
  if (file === undefined || words.length > (isOffline ? 1 : 2))
    throw new OperatorError("an interface and a file are needed", "parley packets respond IF FILE.ts", {
      exitStatus: 2,
    });
  const definition = await loadExchange(pathToFileURL(resolve(file)), optionsIn(positionals));
  if (values.dot) {
    process.stdout.write(exchangeDot(definition));
    return 0;
  }
  const registry = parley.standardRegistry();
  return values.read === undefined
    ? respondLive(registry, definition, name!)
    : respondToCapture(registry, definition, values.read);
}

function optionsIn(words: readonly string[]): Record<string, string> {
  const found = words.flatMap((word) => {
    const match = /^([\w-]+)=(.*)$/s.exec(word);
    return match ? [[match[1]!, match[2]!] as const] : [];
  });
  return Object.fromEntries(found);
}

async function respondLive(
  registry: Registry,
  definition: ExchangeDefinition,
  name: string,
): Promise<number> {
  const host = systemHost();
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<number>();
  const output = new Output(process.stdout);
  let first: Message = firstOf(registry, 1);
  const tell = (said: ExchangeOutput): void => {
    output.line(outputText(registry, first, said));
    output.flush();
    if (said.type === "failed") end(1);
    if (said.type === "done") end(0);
  };
  // The link type is known once the socket is open; until then it is what it nearly always is.
  let exchange = new Exchange(registry, definition, first, host.random);
  const makeRunner = () => new PacketRunner<ExchangeOutput>(exchange, host.clock, tell);
  let runner = makeRunner();
  let { received } = runner.handlers(fail);
  const handlers: PacketHandlers = { received: (packet) => received(packet), failed: fail };
  const filter = compileBpf(registry, exchange.queries, first);
  const socket = await packetSockets().open(
    { interface: name, mode: "latency", promiscuous: true, filter },
    handlers,
  );
  if (socket.linkType !== 1) {
    first = firstOf(registry, socket.linkType);
    exchange = new Exchange(registry, definition, first, host.random);
    runner = makeRunner();
    ({ received } = runner.handlers(fail));
    socket.setFilter(compileBpf(registry, exchange.queries, first));
  }
  const signals = whenAskedToEnd();
  try {
    process.stderr.write(`${safeText(definition.name)} runs on ${name}, end it with Ctrl-C\n`);
    runner.start(reporting(socket));
    return await Promise.race([ended, signals.asked.then(() => 0)]);
  } finally {
    runner.stop();
    const { dropped } = socket.statistics();
    socket.close();
    signals.stop();
    const { seen, matched, sent } = exchange.counts;
    const left = runner.unsent === 0 ? "" : `, ${runner.unsent} not taken by the interface`;
    const lost = dropped === 0 ? "" : `, ${dropped} came too fast and were dropped`;
    process.stderr.write(
      `${seen} packets seen, ${matched} matched, ${sent - runner.unsent} sent${left}${lost}\n`,
    );
  }
}

/** The socket, but a packet that can never be sent is told and harms nobody. */
function reporting(socket: PacketSocket): PacketSocket {
  return {
    linkType: socket.linkType,
    latestMs: socket.latestMs,
    setFilter: (filter) => socket.setFilter(filter),
    statistics: () => socket.statistics(),
    close: () => socket.close(),
    send: (packets) => {
      try {
        return socket.send(packets);
      } catch (error) {
        process.stderr.write(`parley: ${safeText(explain(error))}\n`);
        return 0;
      }
    },
  };
}

async function respondToCapture(
  registry: Registry,
  definition: ExchangeDefinition,
  path: string,
): Promise<number> {
  const { packets, problem } = await collectCapture(path);
  const first = firstOf(registry, packets[0]?.linkType ?? 1);
  const exchange = new Exchange(registry, definition, first, seededRandom(path));
  const output = new Output(process.stdout);
  let failed = problem !== undefined;
  for (const { at, output: said } of runOverCapture(exchange, packets)) {
    output.line(`${(at / 1_000).toFixed(6).padStart(12)} ${outputText(registry, first, said)}`);
    failed ||= said.type === "failed";
  }
  await output.drained();
  if (problem !== undefined) process.stderr.write(`parley: ${safeText(problem)}\n`);
  return failed ? 1 : 0;
}

function outputText(registry: Registry, first: Message, said: ExchangeOutput): string {
  switch (said.type) {
    case "send":
      return `sends ${oneLine(registry, first, said.bytes)}`;
    case "state":
      return `${said.from} -> ${said.to}`;
    case "told":
      return safeText(
        said.details === undefined ? said.text : `${said.text} ${JSON.stringify(said.details)}`,
      );
    case "done":
      return `done: ${said.state}`;
    case "failed": {
      const { error, packet } = said;
      const about = packet
        ? `, at ${oneLine(registry, first, packet)}; ${packet.length} bytes: ${hexText(packet, 0, packet.length)}`
        : "";
      return `failed: ${safeText(error)}${about}`;
    }
  }
}

function oneLine(registry: Registry, first: Message, bytes: Uint8Array): string {
  const frame = { length: bytes.length, capturedLength: bytes.length };
  const { source, destination, protocol, info } = rowOf(new Packet(registry, first, bytes), frame);
  return [source, destination, protocol, info].filter((text) => text !== "").join(" ");
}
