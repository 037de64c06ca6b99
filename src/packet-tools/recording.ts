import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parseAddress } from "#base/address.ts";
import type { Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import { parseRecording, type RecordedStep } from "#machine/record.ts";
import { build, layer, type GivenLayer } from "#packet/build.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { Ipv6 } from "#wire/ipv6.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Tcp } from "#wire/tcp.ts";
import { Udp } from "#wire/udp.ts";
import { writeFileSync } from "node:fs";

const LINKTYPE_RAW = 101;

/** Whether a file is what a node's recorder wrote. */
export async function isRecording(path: string): Promise<boolean> {
  // A folder or a pipe is none, and a pipe that was opened once gives nothing to who opens it again.
  if (!(await stat(path).catch(() => undefined))?.isFile()) return false;
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
    return /^\{"recording":\d/.test(buffer.toString("latin1", 0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Writes a recording's datagrams, and what its connections carried as TCP segments, to a pcapng file. */
export async function convertRecording(from: string, to: string): Promise<number> {
  if (!/\.(pcapng|ntar)$/i.test(to))
    throw new OperatorError(`a recording becomes pcapng, not ${to}`, "name it .pcapng", { exitStatus: 2 });
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(from, "utf8"), crlfDelay: Infinity }))
    lines.push(line);
  const { header, steps } = parseRecording(lines.join("\n"));
  const writer = new PcapngWriter();
  writer.appendSection();
  writer.appendInterface({ linkType: LINKTYPE_RAW, name: header.core });
  const packets = new RecordedPackets(endpointIn(header.setup));
  for (const step of steps)
    for (const bytes of packets.of(step)) {
      const seconds = Math.floor(step.at / 1_000);
      const nanoseconds = Math.round((step.at - seconds * 1_000) * 1e6);
      writer.append(0, bytes, 0, bytes.length, seconds, nanoseconds, bytes.length);
    }
  writeFileSync(to, writer.take());
  return 0;
}

interface Flow {
  readonly peer: Endpoint;
  /** Bytes that went out and came in so far, as TCP counts them. */
  sent: number;
  received: number;
}

/** Makes packets of a core's inputs and outputs: IP headers that its words imply. */
class RecordedPackets {
  readonly #registry = standardRegistry();
  readonly #local: Endpoint;
  readonly #flows = new Map<number, Flow>();

  constructor(local: Endpoint) {
    this.#local = local;
  }

  of({ input, outputs }: RecordedStep): Uint8Array[] {
    const packets = this.#one(input as Word, "in");
    for (const output of outputs) packets.push(...this.#one(output as Word, "out"));
    return packets;
  }

  #one(word: Word, way: "in" | "out"): Uint8Array[] {
    const { type, connection = 0, data = new Uint8Array(0) } = word;
    const peer = word.from ?? word.to;
    if (type === "datagram" && peer) return [this.#datagram(peer, way, data)];
    if ((type === "accepted" || type === "connected") && peer) {
      const flow: Flow = { peer, sent: 1, received: 1 };
      this.#flows.set(connection, flow);
      const before = { peer, sent: 0, received: 0 };
      const asks = type === "accepted" ? "in" : "out";
      const answers = type === "accepted" ? "out" : "in";
      const answering = asks === "in" ? { ...before, received: 1 } : { ...before, sent: 1 };
      return [
        this.#segment(before, asks, { syn: true }),
        this.#segment(answering, answers, { syn: true, ack: true }),
      ];
    }
    const flow = this.#flows.get(connection);
    if (!flow) return [];
    if (type === "data" || type === "write") {
      const packets: Uint8Array[] = [];
      for (let at = 0; at < data.length; at += SEGMENT_BYTES) {
        const part = data.subarray(at, at + SEGMENT_BYTES);
        packets.push(this.#segment(flow, way, { psh: true, ack: true }, part));
        if (way === "out") flow.sent += part.length;
        else flow.received += part.length;
      }
      return packets;
    }
    if (type !== "closed" && type !== "close") return [];
    this.#flows.delete(connection);
    return [this.#segment(flow, way, { fin: true, ack: true })];
  }

  #ip(peer: Endpoint, way: "in" | "out"): GivenLayer {
    const local = addressFor(this.#local, peer);
    const [source, destination] = way === "out" ? [local, peer.host] : [peer.host, local];
    return peer.host.includes(":")
      ? layer(Ipv6, { source, destination })
      : layer(Ipv4, { source, destination });
  }

  #datagram(peer: Endpoint, way: "in" | "out", data: Uint8Array): Uint8Array {
    const [sourcePort, destinationPort] = this.#ports(peer, way);
    return build(this.#registry, [this.#ip(peer, way), layer(Udp, { sourcePort, destinationPort })], data);
  }

  #segment(flow: Flow, way: "in" | "out", flags: object, data: Uint8Array = new Uint8Array(0)): Uint8Array {
    const [sourcePort, destinationPort] = this.#ports(flow.peer, way);
    const [sequence, acknowledgment] =
      way === "out" ? [flow.sent, flow.received] : [flow.received, flow.sent];
    const given = {
      sourcePort,
      destinationPort,
      sequence: sequence % 2 ** 32,
      acknowledgment: acknowledgment % 2 ** 32,
      flags,
    };
    return build(this.#registry, [this.#ip(flow.peer, way), layer(Tcp, given)], data);
  }

  #ports(peer: Endpoint, way: "in" | "out"): [number, number] {
    return way === "out" ? [this.#local.port, peer.port] : [peer.port, this.#local.port];
  }
}

interface Word {
  readonly type: string;
  readonly connection?: number;
  readonly data?: Uint8Array;
  readonly from?: Endpoint;
  readonly to?: Endpoint;
}

/** Below any MTU of IPv6 or IPv4 jumbo frames that would have to be split. */
const SEGMENT_BYTES = 1_200;

/** Where the recorded node listened, as far as its setup says; otherwise an address of documentation. */
function endpointIn(setup: unknown): Endpoint {
  const found: Endpoint[] = [];
  const walk = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null || depth > 4) return;
    const { host, port } = value as { host?: unknown; port?: unknown };
    if (typeof host === "string" && typeof port === "number") found.push({ host, port });
    else for (const each of Object.values(value)) walk(each, depth + 1);
  };
  walk(setup, 0);
  return found[0] ?? { host: "192.0.2.1", port: 0 };
}

function addressFor({ host }: Endpoint, peer: Endpoint): string {
  const isWildcard = host === "0.0.0.0" || host === "::" || !parseAddress(host);
  if (peer.host.includes(":")) return host.includes(":") && !isWildcard ? host : "2001:db8::1";
  return host.includes(":") || isWildcard ? "192.0.2.1" : host;
}
