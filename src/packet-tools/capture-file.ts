import { closeSync, openSync, writeSync } from "node:fs";
import { explain, OperatorError } from "#base/operator-error.ts";
import type { ReceivedPackets } from "#host/packet-sockets.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";

/** The file, or one file after the other, that live packets are written to. */
export class CaptureFile {
  readonly #path: string;
  /** Of the file that is being written. */
  #openPath: string;
  readonly #interface: string;
  readonly #rotateBytes: number;
  readonly #isNg: boolean;
  #writer: PcapWriter | PcapngWriter | undefined;
  #linkType = 1;
  #file = -1;
  #written = 0;
  #number = 0;

  /** Makes no file yet. Throws OperatorError when the name says no format. */
  constructor(path: string, interfaceName: string, rotateBytes: number) {
    if (!/\.(pcap|cap|pcapng|ntar)$/i.test(path))
      throw new OperatorError(`${path} does not say its format`, "name it .pcap or .pcapng", {
        exitStatus: 2,
      });
    this.#path = path;
    this.#openPath = path;
    this.#interface = interfaceName;
    this.#rotateBytes = rotateBytes;
    this.#isNg = /\.(pcapng|ntar)$/i.test(path);
  }

  /** Makes the file and writes its head; packets follow. Throws OperatorError when it cannot be made or written. */
  begin(linkType: number): void {
    this.#linkType = linkType;
    this.#openNext();
    this.#head();
  }

  /** The packet bytes[start, stop), of which there were `originalLength` on the wire. Throws as `begin`. */
  append(
    bytes: Uint8Array,
    start: number,
    stop: number,
    seconds: number,
    nanoseconds: number,
    originalLength: number,
  ): void {
    const size = this.#writer!.size + stop - start + RECORD_BYTES;
    if (this.#written + size > this.#rotateBytes) this.#rotate();
    const current = this.#writer!;
    if (current instanceof PcapngWriter)
      current.append(0, bytes, start, stop, seconds, nanoseconds, originalLength);
    else current.append(bytes, start, stop, seconds, nanoseconds, originalLength);
    if (current.size > FLUSH_BYTES) this.#flush();
  }

  /** The packets from `first` up to `stop` of many. Throws as `begin`. */
  appendMany(packets: ReceivedPackets, first: number, stop: number): void {
    if (IS_LITTLE && !this.#isNg && this.#rotateBytes === Infinity && packets.writeRecords) {
      // Before it what came before.
      this.#flush();
      const left = packets.writeRecords(this.#file, first, stop);
      if (left > 0) this.#writeLeft(packets, first, stop, left);
      return;
    }
    const { bytes, starts, words, heads } = packets;
    for (let i = first; i < stop; i++) {
      const [start, head] = [starts[i]!, heads[i]!];
      const stopAt = start + words[head + 2]!;
      this.append(bytes, start, stopAt, words[head]!, words[head + 1]!, words[head + 3]!);
    }
  }

  /** Offers the file once more what it did not take: the last bytes of these packets' records. The error tells why. */
  #writeLeft(
    { bytes, starts, words, heads }: ReceivedPackets,
    first: number,
    stop: number,
    left: number,
  ): void {
    const sizeOf = (i: number): number => RECORD_HEAD + words[heads[i]! + 2]!;
    let skip = -left;
    for (let i = first; i < stop; i++) skip += sizeOf(i);
    for (let i = first; i < stop; i++) {
      const size = sizeOf(i);
      const start = starts[i]! - RECORD_HEAD;
      if (skip < size) this.#write(bytes.subarray(start + skip, start + size));
      skip = Math.max(0, skip - size);
    }
  }

  /** Writes what is left. Throws OperatorError when there is no room for it; the file is closed all the same. */
  close(): void {
    try {
      if (this.#writer) this.#flush();
    } finally {
      if (this.#file >= 0) closeSync(this.#file);
      this.#file = -1;
    }
  }

  #rotate(): void {
    this.close();
    this.#openNext();
    this.#head();
  }

  #openNext(): void {
    const count = this.#number++;
    if (this.#rotateBytes !== Infinity)
      this.#openPath = this.#path.replace(/(\.\w+)$/, `_${String(count + 1).padStart(5, "0")}$1`);
    try {
      this.#file = openSync(this.#openPath, "w");
    } catch (error) {
      throw unwritable(this.#openPath, error, "check the folder and its permissions");
    }
    this.#written = 0;
  }

  #head(): void {
    if (this.#isNg) {
      const writer = new PcapngWriter();
      writer.appendSection();
      writer.appendInterface({ linkType: this.#linkType, name: this.#interface });
      this.#writer = writer;
      return;
    }
    const writer = new PcapWriter({ linkType: this.#linkType, nanoseconds: true });
    this.#writer = writer;
    this.#write(writer.header());
  }

  #flush(): void {
    this.#writer!.handOver((bytes) => this.#write(bytes));
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      // What is left would not fit either.
      this.#writer = undefined;
      throw unwritable(this.#openPath, error, "make room, or write to another place");
    }
    this.#written += bytes.length;
  }
}

function unwritable(path: string, error: unknown, remedy: string): OperatorError {
  return new OperatorError(`${path} cannot be written: ${explain(error)}`, remedy);
}

const IS_LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** What pcap puts before a packet. */
const RECORD_HEAD = 16;
/** What a record adds to its packet at most. */
const RECORD_BYTES = 40;
/** Large enough that writing costs little beside the copy, small enough for the processor's cache. */
const FLUSH_BYTES = 128 * 1024;
