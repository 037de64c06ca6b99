import { closeSync, openSync, writeSync } from "node:fs";
import { explain, OperatorError } from "#base/operator-error.ts";
import type { ReceivedPacket } from "#host/packet-sockets.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";

/** The file, or one file after the other, that live packets are written to. */
export class CaptureFile {
  readonly #path: string;
  readonly #interface: string;
  readonly #rotateBytes: number;
  readonly #isNg: boolean;
  #writer: PcapWriter | PcapngWriter | undefined;
  #linkType = 1;
  #file = -1;
  #written = 0;
  #number = 0;

  /** Throws OperatorError when the name says no format or the file cannot be made. */
  static open(path: string, interfaceName: string, rotateBytes: number): CaptureFile {
    if (!/\.(pcap|cap|pcapng|ntar)$/i.test(path))
      throw new OperatorError(`${path} does not say its format`, "name it .pcap or .pcapng", {
        exitStatus: 2,
      });
    const file = new CaptureFile(path, interfaceName, rotateBytes);
    file.#openNext();
    return file;
  }

  private constructor(path: string, interfaceName: string, rotateBytes: number) {
    this.#path = path;
    this.#interface = interfaceName;
    this.#rotateBytes = rotateBytes;
    this.#isNg = /\.(pcapng|ntar)$/i.test(path);
  }

  /** Writes the head; packets follow. */
  begin(linkType: number): void {
    this.#linkType = linkType;
    this.#head();
  }

  packet(packet: ReceivedPacket): void {
    const { bytes, start, stop, seconds, nanoseconds, originalLength } = packet;
    const writer = this.#writer!;
    const size = stop - start + RECORD_BYTES;
    if (this.#written + writer.size + size > this.#rotateBytes) this.#rotate();
    const current = this.#writer!;
    if (current instanceof PcapngWriter)
      current.append(0, bytes, start, stop, seconds, nanoseconds, originalLength);
    else current.append(bytes, start, stop, seconds, nanoseconds, originalLength);
    if (current.size > FLUSH_BYTES) this.#flush();
  }

  close(): void {
    if (this.#writer) this.#flush();
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }

  #rotate(): void {
    this.close();
    this.#openNext();
    this.#head();
  }

  #openNext(): void {
    const count = this.#number++;
    const path =
      this.#rotateBytes === Infinity
        ? this.#path
        : this.#path.replace(/(\.\w+)$/, `_${String(count + 1).padStart(5, "0")}$1`);
    try {
      this.#file = openSync(path, "w");
    } catch (error) {
      throw new OperatorError(
        `${path} cannot be written: ${explain(error)}`,
        "check the folder and its permissions",
      );
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
    this.#write(this.#writer!.take());
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
    this.#written += bytes.length;
  }
}

/** What a record adds to its packet at most. */
const RECORD_BYTES = 40;
const FLUSH_BYTES = 1024 * 1024;
