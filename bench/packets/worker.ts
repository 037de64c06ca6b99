import { readFileSync } from "node:fs";
import { Packet } from "#packet/dissect.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import type { Message } from "#packet/message.ts";
import { Query } from "#packet/query/query.ts";
import { QuerySet } from "#packet/query/query-set.ts";
import { CaptureFrame, readCapture } from "#packet-tools/capture-source.ts";
import { firstOf } from "#packet-tools/queries.ts";
import { Dns } from "#wire/dns.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Udp } from "#wire/udp.ts";

/** What a worker prints, as JSON. */
export interface Measured {
  readonly packets: number;
  /** The best of several passes over the same packets. */
  readonly nanoseconds: number;
  /** Matches, layers, values: whatever was counted, so that it can be compared. */
  readonly count: number;
}

/*
 * worker.ts MODE FILE [QUERY]…: one way of looking at the packets of a file, in a process of its own, so that none is
 * compiled with what another one does.
 */
const registry = standardRegistry();

type Look = (reader: CaptureReader, frame: CaptureFrame, first: Message) => number;

function packetOf(reader: CaptureReader, frame: CaptureFrame, first: Message): Packet {
  const { bytes, start, stop } = reader;
  return new Packet(registry, first, bytes, { start, stop, originalLength: frame.length });
}

const looks: Readonly<Record<string, (queries: readonly string[]) => Look>> = {
  walk: () => () => 1,
  match: ([text = ""]) => {
    const matcher = new Query(registry, text).matcher(firstOf(registry, 1));
    return ({ bytes, start, stop }, frame) => (matcher(bytes, start, stop, frame) ? 1 : 0);
  },
  set: (texts) => {
    const set = new QuerySet(
      registry,
      texts.map((text) => new Query(registry, text)),
    );
    const hits: number[] = [];
    return ({ bytes, start, stop }, frame, first) => set.match(first, bytes, start, stop, frame, hits).length;
  },
  udp: () => (reader, frame, first) =>
    packetOf(reader, frame, first).layer(Udp as unknown as Message) ? 1 : 0,
  dns: () => (reader, frame, first) => packetOf(reader, frame, first).get(Dns)?.questions.length ?? 0,
  values: () => (reader, frame, first) => packetOf(reader, frame, first).layers.length,
  visited: () => (reader, frame, first) => {
    let count = 0;
    for (const { values } of packetOf(reader, frame, first).layers) count += countOf(values);
    return count;
  },
};

/** Visits each value, and those in it. */
function countOf(values: object): number {
  let count = 0;
  for (const value of Object.values(values) as readonly unknown[]) {
    count++;
    if (typeof value === "object" && value !== null && !(value instanceof Uint8Array))
      count += countOf(value);
  }
  return count;
}

/** Passes over a file in memory. */
function inMemory(path: string, look: Look, passes: number): Measured {
  const bytes = new Uint8Array(readFileSync(path));
  let best = Infinity;
  let [packets, count] = [0, 0];
  for (let pass = 0; pass < passes; pass++) {
    const begin = performance.now();
    const reader = new CaptureReader();
    const frame = new CaptureFrame(reader);
    reader.push(bytes);
    reader.end();
    count = 0;
    reader.next();
    const first = firstOf(registry, reader.linkType);
    do {
      frame.follow();
      count += look(reader, frame, first);
    } while (reader.next());
    packets = reader.number;
    best = Math.min(best, (performance.now() - begin) * 1e6);
  }
  return { packets, nanoseconds: best / packets, count };
}

/** Once, as a tool reads it. */
async function fromFile(path: string, look: Look): Promise<Measured> {
  const begin = performance.now();
  let [packets, count] = [0, 0];
  await readCapture(path, ({ reader, frame }) => {
    packets++;
    count += look(reader, frame, firstOf(registry, reader.linkType));
  });
  return { packets, nanoseconds: ((performance.now() - begin) * 1e6) / packets, count };
}

const PASSES = 3;
const [mode = "", way, path = "", ...texts] = process.argv.slice(2);
const make = looks[mode];
if (!make) throw new Error(`no mode ${mode}`);
const measured = way === "file" ? await fromFile(path, make(texts)) : inMemory(path, make(texts), PASSES);
process.stdout.write(JSON.stringify(measured));
