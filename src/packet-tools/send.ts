import { OperatorError } from "#base/operator-error.ts";
import { build, type GivenLayer } from "#packet/build.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { Packet } from "#packet/dissect.ts";
import { parsePacketExpression } from "#packet/packet-expression.ts";
import { query, Query } from "#packet/query/query.ts";
import { QueryError } from "#packet/query/query-error.ts";
import type { Registry } from "#packet/registry.ts";
import { standardRegistry } from "#wire/registry.ts";
import { countOf, readArguments } from "#packet-tools/arguments.ts";
import { interfaceNamed, ownAddresses, packetSockets, whenAskedToEnd } from "#packet-tools/interface.ts";
import { Output } from "#packet-tools/output.ts";
import { firstOf, marked, queryOf } from "#packet-tools/queries.ts";
import { rowOf, rowPrinter } from "#packet-tools/row.ts";

const USAGE = `Usage: parley packets send IF EXPR [--count N] [--wait SECONDS] [--answer QUERY]

Builds a packet and sends it: 'ether(dst="ff:ff:ff:ff:ff:ff")/arp(opcode="request", targetIp="192.0.2.1")'.
Layers are joined by "/"; lengths, checksums and this machine's own addresses are filled in where they are left
out. Needs CAP_NET_RAW.

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
  const registry = standardRegistry();
  const link = await interfaceNamed(name);
  const { layers: written, payload } = expressed(registry, text);
  const layers = withOwnAddresses(written, ownAddresses(link));
  const answer =
    values.answer === undefined ? answerTo(registry, layers) : queryOf(registry, [values.answer]);
  const bytes = built(registry, layers, payload);
  return exchangeOnce(registry, name, bytes, {
    count: values.count === undefined ? 1 : countOf("count", values.count),
    seconds: values.wait === undefined ? 0 : countOf("wait", values.wait),
    ...(answer && { answer }),
  });
}

function expressed(registry: Registry, text: string): ReturnType<typeof parsePacketExpression> {
  try {
    return parsePacketExpression(registry, text);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new OperatorError(
      `${error.message}: ${marked(text, error)}`,
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

async function exchangeOnce(
  registry: Registry,
  name: string,
  bytes: Uint8Array,
  options: { readonly count: number; readonly seconds: number; readonly answer?: Query },
): Promise<number> {
  const { count, seconds, answer } = options;
  const first = firstOf(registry, 1);
  const match = answer?.matcher(first);
  const output = new Output(process.stdout);
  const rows = rowPrinter();
  const ended = Promise.withResolvers<void>();
  let answers = 0;
  let begin: bigint | undefined;
  const filter = answer && compileBpf(registry, answer, first);
  const socket = await packetSockets().open(
    { interface: name, mode: "latency", ...(filter && { filter }) },
    {
      received: ({ bytes: given, start, stop, originalLength, seconds: at, nanoseconds }) => {
        const time = BigInt(at) * 1_000_000_000n + BigInt(nanoseconds);
        const frame = {
          number: answers + 1,
          seconds: at,
          nanoseconds,
          firstTime: (begin ??= time),
          length: originalLength,
          capturedLength: stop - start,
        };
        if (seconds === 0 || (match && !match(given, start, stop, frame))) return;
        answers++;
        output.line(rows(rowOf(new Packet(registry, first, given, { start, stop, originalLength }), frame)));
        output.flush();
      },
      failed: (error) => ended.reject(error),
    },
  );
  const signals = whenAskedToEnd();
  try {
    const sent = socket.send(Array.from({ length: count }, () => bytes));
    process.stderr.write(`${sent} of ${count} packets of ${bytes.length} bytes sent\n`);
    if (seconds === 0) return sent === count ? 0 : 1;
    const timer = setTimeout(() => ended.resolve(), seconds * 1_000);
    await Promise.race([ended.promise, signals.asked]).finally(() => clearTimeout(timer));
    return answers > 0 ? 0 : 1;
  } finally {
    signals.stop();
    socket.close();
  }
}
