import { once } from "node:events";
import { readFileSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Packet } from "#packet/dissect.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import type { Message } from "#packet/message.ts";
import { Query } from "#packet/query/query.ts";
import { QuerySet } from "#packet/query/query-set.ts";
import { CaptureFrame, readCapture } from "#packet-tools/capture-source.ts";
import { firstOf } from "#packet-tools/queries.ts";
import { Dns } from "#wire/dns.ts";
import { assertJoined, readBlocks, shareBlocks, type SharedBlocks } from "./capture-blocks.ts";
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
 * worker.ts MODE WAY FILE [QUERY]…: one way of looking at the packets of a file, in a process of its own, so that none is
 * compiled with what another one does. WAY is memory, file, or threads for a file by two of them.
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
function countOf(values: Readonly<Record<string, unknown>>): number {
  let count = 0;
  for (const name in values) count += 1 + countIn(values[name]);
  return count;
}

function countIn(value: unknown): number {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return 0;
  if (!Array.isArray(value)) return countOf(value as Readonly<Record<string, unknown>>);
  let count = 0;
  for (const item of value as readonly unknown[]) count += 1 + countIn(item);
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

/** The message that packets of a link type start with, looked up when it changes. */
function firstMessages(): (linkType: number) => Message {
  let [known, first] = [-1, registry.fallback];
  return (linkType) => {
    if (linkType !== known) first = firstOf(registry, linkType);
    known = linkType;
    return first;
  };
}

/** Once, as a tool reads it. */
async function fromFile(path: string, look: Look): Promise<Measured> {
  const begin = performance.now();
  const firstFor = firstMessages();
  let [packets, count] = [0, 0];
  await readCapture(path, ({ reader, frame }) => {
    packets++;
    count += look(reader, frame, firstFor(reader.linkType));
  });
  return { packets, nanoseconds: ((performance.now() - begin) * 1e6) / packets, count };
}

/** The same by two threads, each of which reads the blocks of the file that the other has not taken. */
async function byThreads(path: string, look: Look): Promise<Measured> {
  const begin = performance.now();
  const blocks = shareBlocks(path);
  const other = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2), workerData: blocks });
  const others = once(other, "message") as Promise<[Share]>;
  const own = ofBlocks(path, look, blocks);
  const [theirs] = await others;
  assertJoined(blocks);
  const packets = own.packets + theirs.packets;
  const count = own.count + theirs.count;
  return { packets, nanoseconds: ((performance.now() - begin) * 1e6) / packets, count };
}

type Share = Pick<Measured, "packets" | "count">;

function ofBlocks(path: string, look: Look, blocks: SharedBlocks): Share {
  const firstFor = firstMessages();
  let [packets, count] = [0, 0];
  readBlocks(path, blocks, (reader, frame) => {
    packets++;
    count += look(reader, frame, firstFor(reader.linkType));
  });
  return { packets, count };
}

const PASSES = 3;
const [mode = "", way, path = "", ...texts] = process.argv.slice(2);
const make = looks[mode];
if (!make) throw new Error(`no mode ${mode}`);
const look = make(texts);
if (isMainThread) {
  const inFile = way === "file" ? fromFile : byThreads;
  const measured = way === "memory" ? inMemory(path, look, PASSES) : await inFile(path, look);
  process.stdout.write(JSON.stringify(measured));
} else parentPort!.postMessage(ofBlocks(path, look, workerData as SharedBlocks));
