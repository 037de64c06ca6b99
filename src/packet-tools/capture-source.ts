import { open } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { explain, OperatorError } from "#base/operator-error.ts";
import { CaptureReader, type CaptureBlock, type CaptureInterface } from "#packet/file/capture-reader.ts";
import type { CapturedPacket } from "#packet/file/packets.ts";
import { sniffCapture } from "#packet/file/sniff-capture.ts";
import type { Frame } from "#packet/query/frame.ts";

/** A capture file that is being read: the reader stands on one packet after the other. */
export interface OpenCapture {
  readonly reader: CaptureReader;
  /** What the reader stands on, as queries see it. */
  readonly frame: CaptureFrame;
}

/**
 * Reads a capture file of any size, also compressed by gzip, or standard input for "-". Calls `take` for each packet
 * until it returns false. Throws OperatorError when the file is none or cannot be read; a file that ends too early, or
 * is broken in the middle, gives every whole packet and returns what is wrong. `between` is awaited now and then: there
 * a slow reader of the output is waited for.
 */
export async function readCapture(
  path: string,
  take: (capture: OpenCapture) => boolean | void,
  onBlock?: (block: CaptureBlock) => void,
  between?: () => Promise<void>,
): Promise<string | undefined> {
  const reader = new CaptureReader(onBlock ? { onBlock } : {});
  const capture = { reader, frame: new CaptureFrame(reader) };
  let broken: string | undefined;
  try {
    for await (const chunk of chunksOf(path)) {
      reader.push(chunk);
      while (reader.next()) {
        capture.frame.follow();
        if (take(capture) === false) return undefined;
        capture.frame.leave();
      }
      if (reader.problem) break;
      await between?.();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new OperatorError(`there is no file ${path}`, "check its name");
    if (code === "EISDIR") throw new OperatorError(`${path} is a folder`, "name one of the files in it");
    if (code === "EACCES")
      throw new OperatorError(`${path} cannot be read: ${explain(error)}`, "check its permissions");
    // What gzip says of a compressed file that was cut.
    if (!code?.startsWith("Z_") && code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    broken = `the compressed file is broken: ${explain(error)}`;
  }
  if (!reader.problem && !broken) reader.end();
  while (!broken && reader.next()) {
    capture.frame.follow();
    if (take(capture) === false) return undefined;
    capture.frame.leave();
  }
  const reason = broken ?? reader.problem?.message;
  if (reader.number === 0 && reader.format === undefined)
    throw new OperatorError(
      `${path} is no capture file${reason === undefined ? "" : `: ${reason}`}`,
      "pcap and pcapng are read, also compressed by gzip",
    );
  return reason;
}

/** All packets of a file that fits into memory, and what is wrong with it. */
export async function collectCapture(
  path: string,
): Promise<{ readonly packets: readonly CapturedPacket[]; readonly problem?: string }> {
  const packets: CapturedPacket[] = [];
  const problem = await readCapture(path, ({ reader }) => {
    const { number, linkType, originalLength, seconds, nanoseconds } = reader;
    const bytes = Uint8Array.prototype.slice.call(reader.bytes, reader.start, reader.stop);
    packets.push({ number, linkType, bytes, originalLength, seconds, nanoseconds, comments: [] });
  });
  return problem === undefined ? { packets } : { packets, problem };
}

/** Large enough that asking costs nothing beside the packets, small enough for the processor's cache. */
const CHUNK_BYTES = 1024 * 1024;

/** The file's bytes, uncompressed. A chunk is valid until the next but one is asked for. */
async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  if (path === "-") {
    yield* uncompressed(process.stdin);
    return;
  }
  const file = await open(path, "r");
  try {
    // A pipe gives its bytes once, and to whoever opened it.
    if (!(await file.stat()).isFile()) {
      yield* uncompressed(file.createReadStream({ autoClose: false }));
      return;
    }
    const head = new Uint8Array(8);
    const { bytesRead } = await file.read(head, 0, 8, 0);
    if (sniffCapture(head.subarray(0, bytesRead)) === "gzip") {
      yield* uncompressed(createReadStream(path));
      return;
    }
    // While one chunk is walked the next is being read, on another core.
    const buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)] as const;
    let reading = file.read(buffers[0], 0, CHUNK_BYTES, null);
    for (let i = 1; ; i++) {
      const { bytesRead: count, buffer } = await reading;
      if (count === 0) return;
      reading = file.read(buffers[(i & 1) as 0 | 1], 0, CHUNK_BYTES, null);
      try {
        yield buffer.subarray(0, count);
      } catch (error) {
        await reading;
        throw error;
      }
    }
  } finally {
    await file.close();
  }
}

async function* uncompressed(
  stream: AsyncIterable<Uint8Array> & NodeJS.ReadableStream,
): AsyncGenerator<Uint8Array> {
  const parts = stream[Symbol.asyncIterator]();
  const first = await parts.next();
  if (first.done === true) return;
  if (sniffCapture(first.value) !== "gzip") {
    yield first.value;
    for (let part = await parts.next(); part.done !== true; part = await parts.next()) yield part.value;
    return;
  }
  const gunzip = (await import("node:zlib")).createGunzip();
  const feed = async (): Promise<void> => {
    for (let part: IteratorResult<Uint8Array> = first; part.done !== true; part = await parts.next())
      if (!gunzip.write(part.value)) await new Promise((resolve) => gunzip.once("drain", resolve));
    gunzip.end();
  };
  feed().catch((error: Error) => gunzip.destroy(error));
  for await (const part of gunzip) yield part as Uint8Array;
}

/** The packet a reader stands on; times are worked out only when a query asks. */
export class CaptureFrame implements Frame {
  readonly #reader: CaptureReader;
  number = 0;
  length = 0;
  capturedLength = 0;
  #first: bigint | undefined;
  #firstSeconds = 0;
  #firstNanoseconds = -1;
  #previousSeconds = 0;
  #previousNanoseconds = -1;

  constructor(reader: CaptureReader) {
    this.#reader = reader;
  }

  /** Takes on the packet that the reader stands on. */
  follow(): void {
    const reader = this.#reader;
    this.number = reader.number;
    this.capturedLength = reader.stop - reader.start;
    this.length = Math.max(reader.originalLength, this.capturedLength);
    if (this.#firstNanoseconds >= 0) return;
    this.#firstSeconds = reader.seconds;
    this.#firstNanoseconds = reader.nanoseconds;
  }

  /** Remembers the packet's time for the next one. */
  leave(): void {
    this.#previousSeconds = this.#reader.seconds;
    this.#previousNanoseconds = this.#reader.nanoseconds;
  }

  /** Absent in a simple packet block, which has no time. */
  get seconds(): number | undefined {
    return this.#reader.timed ? this.#reader.seconds : undefined;
  }

  get nanoseconds(): number {
    return this.#reader.nanoseconds;
  }

  get firstTime(): bigint {
    return (this.#first ??= nanoseconds(this.#firstSeconds, this.#firstNanoseconds));
  }

  get previousTime(): bigint {
    if (this.#previousNanoseconds < 0) return nanoseconds(this.#reader.seconds, this.nanoseconds);
    return nanoseconds(this.#previousSeconds, this.#previousNanoseconds);
  }

  // As in Wireshark, a pcap file's packets have no interface, and one of pcapng without a name is unknown.
  get interfaceIndex(): number | undefined {
    const { interfaces, interfaceIndex } = this.#reader;
    const of = this.#interface;
    // In each section they count from 0 again.
    return of && interfaceIndex - interfaces.findIndex(({ section }) => section === of.section);
  }

  get interfaceName(): string | undefined {
    return this.#interface && (this.#interface.name ?? "unknown");
  }

  get interfaceDescription(): string | undefined {
    return this.#interface?.description;
  }

  get linkType(): number {
    return this.#reader.linkType;
  }

  get #interface(): CaptureInterface | undefined {
    const { format, interfaces, interfaceIndex } = this.#reader;
    return format === "pcapng" ? interfaces[interfaceIndex] : undefined;
  }

  get comments(): readonly string[] {
    return this.#reader.comments();
  }
}

function nanoseconds(seconds: number, fraction: number): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction);
}
