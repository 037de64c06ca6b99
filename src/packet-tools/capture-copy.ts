import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { explain, OperatorError } from "#base/operator-error.ts";
import type { CaptureBlock, CaptureReader } from "#packet/file/capture-reader.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";

/** What the packets of one file become in another: the format is that of the new file's name. */
export class CaptureCopy {
  readonly #file: number;
  readonly #path: string;
  /** Where the bytes go until the file is whole. */
  readonly #written: string;
  readonly #isGzip: boolean;
  readonly #ng: PcapngWriter | undefined;
  #plain: PcapWriter | undefined;
  #linkType = -1;
  #hasSection = false;

  /** Throws OperatorError when the file cannot be made. */
  static open(path: string): CaptureCopy {
    const name = path.toLowerCase().replace(/\.gz$/, "");
    if (!/\.(pcap|cap|pcapng|ntar)$/.test(name))
      throw new OperatorError(
        `${path} does not say its format`,
        "name it .pcap or .pcapng, with .gz behind it to compress",
        {
          exitStatus: 2,
        },
      );
    return new CaptureCopy(path, /\.(pcapng|ntar)$/.test(name));
  }

  private constructor(path: string, isNg: boolean) {
    this.#path = path;
    this.#isGzip = /\.gz$/i.test(path);
    this.#ng = isNg ? new PcapngWriter() : undefined;
    // Under another name until it is whole: the file may be the one that is read, and what it holds is worth keeping.
    this.#written = isSpecial(path) ? path : `${path}.${process.pid}.part`;
    try {
      this.#file = openSync(this.#written, "w");
    } catch (error) {
      throw new OperatorError(
        `${path} cannot be written: ${explain(error)}`,
        "check the folder and its permissions",
      );
    }
  }

  /** Blocks of a pcapng file go over as they are; pcap has no place for them. */
  block(block: CaptureBlock): void {
    if (!this.#ng) return;
    this.#hasSection = true;
    this.#ng.appendBlock(block.type, block.body, block);
  }

  /** The packet that the reader stands on. */
  packet(reader: CaptureReader): void {
    const { bytes, start, stop, seconds, nanoseconds, originalLength } = reader;
    if (this.#ng) {
      if (!this.#hasSection) {
        this.#ng.appendSection();
        for (const each of reader.interfaces) this.#ng.appendInterface(each);
        this.#hasSection = true;
      }
      const extras = reader.format === "pcapng" ? { options: reader.options(), order: reader.order } : {};
      this.#ng.append(
        reader.interfaceIndex,
        bytes,
        start,
        stop,
        seconds,
        nanoseconds,
        originalLength,
        extras,
      );
    } else this.#pcap(reader).append(bytes, start, stop, seconds, nanoseconds, originalLength);
    if ((this.#ng ?? this.#plain!).size > FLUSH_BYTES) this.#flush();
  }

  #pcap(reader: CaptureReader): PcapWriter {
    if (this.#plain && this.#linkType === reader.linkType) return this.#plain;
    if (this.#plain)
      throw new OperatorError(
        `${this.#path} would need link types ${this.#linkType} and ${reader.linkType}`,
        "a pcap file has one; write .pcapng",
      );
    this.#linkType = reader.linkType;
    const { ticksPerSecond = 1e6 } = reader.interfaces[reader.interfaceIndex] ?? {};
    this.#plain = new PcapWriter({ linkType: reader.linkType, nanoseconds: ticksPerSecond > 1e6 });
    this.#write(this.#plain.header());
    return this.#plain;
  }

  #flush(): void {
    const writer = this.#ng ?? this.#plain;
    if (writer && writer.size > 0) this.#write(writer.take());
  }

  #write(bytes: Uint8Array): void {
    // Members of gzip follow each other in one file (RFC 1952 2.2).
    const out = this.#isGzip ? gzipSync(bytes) : bytes;
    for (let at = 0; at < out.length;) at += writeSync(this.#file, out, at);
  }

  /** Writes what is left, and gives the file its name. A file without packets is still a capture file. */
  close(): void {
    if (!this.#ng && !this.#plain) this.#write(new PcapWriter({ linkType: 1 }).header());
    if (this.#ng && !this.#hasSection) this.#ng.appendSection();
    this.#flush();
    closeSync(this.#file);
    if (this.#written !== this.#path) renameSync(this.#written, this.#path);
  }

  /** Leaves everything as it was. */
  abandon(): void {
    if (this.#written !== this.#path) rmSync(this.#written, { force: true });
  }
}

/** A pipe or a device is written as it is. */
function isSpecial(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile();
}

const FLUSH_BYTES = 1024 * 1024;
