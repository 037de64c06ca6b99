import { equalBytes } from "#base/bytes.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { ReceivedPacket } from "#host/packet-sockets.ts";
import { build, type GivenLayer } from "#packet/build.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import { parsePacketExpression } from "#packet/packet-expression.ts";
import { query, Query, type Matcher } from "#packet/query/query.ts";
import { QueryError } from "#packet/query/query-error.ts";
import type { Registry } from "#packet/registry.ts";
import { standardRegistry } from "#wire/registry.ts";
import { countOf, readArguments } from "#packet-tools/arguments.ts";
import {
  afterSeconds,
  interfaceNamed,
  NOTHING,
  ownAddresses,
  packetSockets,
  upOrError,
  whenAskedToEnd,
} from "#packet-tools/interface.ts";
import { Output } from "#packet-tools/output.ts";
import { firstOf, queryOf } from "#packet-tools/queries.ts";
import { rowOf, rowPrinter } from "#packet-tools/row.ts";

const USAGE = `Usage: parley packets send IF EXPR [--count N] [--wait SECONDS] [--answer QUERY]

Builds a packet and sends it: 'ether(dst="ff:ff:ff:ff:ff:ff")/arp(opcode="request", targetIp="192.0.2.1")'.
Layers are joined by "/"; lengths, checksums and this machine's own addresses are filled in where they are left
out. The first layer is that of the interface: ether, or ip and ipv6 on a tunnel. Needs CAP_NET_RAW.

      --count N        send it N times
      --wait SECONDS   show what answers meanwhile
      --answer QUERY   what counts as an answer; by default what comes from where the packet went
`;

const OPTIONS = {
  count: { type: "string" },
  wait: { type: "string" },
  answer: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** `parley packets send`. */
export async function runSend(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments("send", args, OPTIONS, { least: 0, most: 1_000 });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [name, ...words] = positionals;
  const text = words.join(" ");
  if (name === undefined || text === "")
    throw new OperatorError("an interface and a packet are needed", "parley packets send IF EXPR", {
      exitStatus: 2,
    });
  if (values.answer !== undefined && values.wait === undefined)
    throw new OperatorError("--answer needs --wait", "such as --wait 1", { exitStatus: 2 });
  const registry = standardRegistry();
  const link = await interfaceNamed(name);
  upOrError(link);
  const { layers: written, payload } = expressed(registry, text);
  const layers = withOwnAddresses(written, ownAddresses(link));
  const answer =
    values.answer === undefined ? answerTo(registry, layers) : queryOf(registry, [values.answer]);
  return sendPackets(registry, {
    link: name,
    layers,
    bytes: built(registry, layers, payload),
    count: values.count === undefined ? 1 : countOf("count", values.count),
    seconds: values.wait === undefined ? 0 : countOf("wait", values.wait),
    answer,
  });
}

function expressed(registry: Registry, text: string): ReturnType<typeof parsePacketExpression> {
  try {
    return parsePacketExpression(registry, text);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new OperatorError(
      `${error.message}: ${error.marked(text)}`,
      error.remedy || "see parley packets send --help",
      {
        exitStatus: 2,
      },
    );
  }
}

function built(registry: Registry, layers: readonly GivenLayer[], payload: Uint8Array): Uint8Array {
  try {
    return build(registry, layers, payload);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new OperatorError(error.message, "parley packets protocols NAME lists the fields", {
      exitStatus: 2,
    });
  }
}

/** Source addresses that were left out are this machine's. */
export function withOwnAddresses(
  layers: readonly GivenLayer[],
  own: ReturnType<typeof ownAddresses>,
): readonly GivenLayer[] {
  const defaults: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
    eth: { source: own.mac },
    ip: { source: own.ipv4 },
    ipv6: { source: own.ipv6 },
    arp: { senderMac: own.mac, senderIp: own.ipv4 },
  };
  return layers.map((each) => {
    const filled = Object.entries(defaults[each.message.name] ?? {}).filter(
      ([, value]) => value !== undefined,
    );
    return { ...each, given: { ...Object.fromEntries(filled), ...each.given } };
  });
}

/** What comes from where the packet went. */
function answerTo(registry: Registry, layers: readonly GivenLayer[]): Query | undefined {
  for (const { message, given } of layers.toReversed()) {
    const { targetIp, destination } = given;
    if (message.name === "arp" && typeof targetIp === "string")
      return new Query(registry, query`arp.opcode == 2 and arp.src.proto_ipv4 == ${targetIp}`);
    if (message.name === "ip" && typeof destination === "string")
      return new Query(registry, query`ip.src == ${destination} or (icmp and ip.addr == ${destination})`);
    if (message.name === "ipv6" && typeof destination === "string")
      return new Query(
        registry,
        query`ipv6.src == ${destination} or (icmpv6 and ipv6.addr == ${destination})`,
      );
  }
  return undefined;
}

/** Packets of a link begin with its header; where it has none, with IP. Throws OperatorError when these do not. */
function checkStart(registry: Registry, first: Message, layers: readonly GivenLayer[], link: string): void {
  const [outermost] = layers;
  // Bytes alone are sent as they are.
  if (!outermost) return;
  const isRaw = first.name === "raw";
  const ip = isRaw ? [4, 6].map((version) => registry.find("raw.version", version)) : [];
  if ([first, ...ip].includes(outermost.message)) return;
  const names = isRaw ? "ip or ipv6" : first.name;
  throw new OperatorError(
    `packets on ${link} begin with ${names}, not with ${outermost.message.name}`,
    isRaw ? `'ip(dst="192.0.2.1")/…' is one` : `'ether(dst="ff:ff:ff:ff:ff:ff")/…' is one`,
    { exitStatus: 2 },
  );
}

interface Sending {
  readonly link: string;
  readonly layers: readonly GivenLayer[];
  readonly bytes: Uint8Array;
  readonly count: number;
  /** How long answers are waited for. */
  readonly seconds: number;
  readonly answer: Query | undefined;
}

async function sendPackets(registry: Registry, sending: Sending): Promise<number> {
  const { link, layers, bytes, count, seconds, answer } = sending;
  const ended = Promise.withResolvers<void>();
  let answers: Answers | undefined;
  const socket = await packetSockets().open(
    { interface: link, mode: "latency", filter: NOTHING },
    { received: (packet) => answers?.received(packet), failed: (error) => ended.reject(error) },
  );
  const signals = whenAskedToEnd();
  try {
    const first = firstOf(registry, socket.linkType);
    checkStart(registry, first, layers, link);
    if (seconds > 0) {
      answers = new Answers(registry, first, answer, bytes);
      socket.setFilter(answer && compileBpf(registry, answer, first));
    }
    const sent = socket.send(Array.from({ length: count }, () => bytes));
    process.stderr.write(`${sent} of ${count} packets of ${bytes.length} bytes sent\n`);
    if (!answers) return sent === count ? 0 : 1;
    const callOff = afterSeconds(seconds, () => ended.resolve());
    await Promise.race([ended.promise, signals.asked]).finally(callOff);
    return answers.count > 0 ? 0 : 1;
  } finally {
    signals.stop();
    socket.close();
  }
}

/** Shows what answers. */
class Answers {
  count = 0;
  readonly #registry: Registry;
  readonly #first: Message;
  readonly #match: Matcher | undefined;
  readonly #own: Uint8Array;
  readonly #output = new Output(process.stdout);
  readonly #rows = rowPrinter();
  #firstTime: bigint | undefined;

  constructor(registry: Registry, first: Message, answer: Query | undefined, own: Uint8Array) {
    this.#registry = registry;
    this.#first = first;
    this.#match = answer?.matcher(first);
    this.#own = own;
  }

  received({ bytes, start, stop, originalLength, seconds, nanoseconds }: ReceivedPacket): void {
    // On loopback, what was sent comes back.
    if (equalBytes(bytes.subarray(start, stop), this.#own)) return;
    const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    const frame = {
      number: this.count + 1,
      seconds,
      nanoseconds,
      firstTime: this.#firstTime ?? time,
      length: originalLength,
      capturedLength: stop - start,
    };
    if (this.#match && !this.#match(bytes, start, stop, frame)) return;
    this.#firstTime ??= time;
    this.count++;
    const packet = new Packet(this.#registry, this.#first, bytes, { start, stop, originalLength });
    this.#output.line(this.#rows(rowOf(packet, frame)));
    this.#output.flush();
  }
}
