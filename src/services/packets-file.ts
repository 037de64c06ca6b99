import { explain } from "#base/operator-error.ts";
import type { Clock } from "#host/clock.ts";
import type { ReceivedPacket } from "#host/packet-sockets.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";
import { FILE_FLUSH_BYTES, FILE_FLUSH_MS, FILE_WAITING_BYTES } from "#services/packets-limits.ts";
import type { CaptureFiles } from "#services/packets-tools.ts";

export interface FileWriterOptions {
  readonly clock: Clock;
  readonly files: CaptureFiles;
  readonly rotateBytes: number;
  readonly interface: string;
  readonly linkType: number;
  /** Told once; nothing is written any more. */
  readonly failed: (error: Error) => void;
}

/** Packets to pcapng files, one after the other. The disk is never waited for: what finds no room is dropped. */
export class FileWriter {
  readonly #options: FileWriterOptions;
  #writer: PcapngWriter;
  /** What went to the file that is being written, and what waits for the disk. */
  #written = 0;
  #waiting = 0;
  #last: Promise<void>;
  /** Nothing is taken any more; and nothing is written. */
  #isOver = false;
  #hasFailed = false;
  #cancelFlush: (() => void) | undefined;
  dropped = 0;

  constructor(options: FileWriterOptions) {
    this.#options = options;
    this.#last = this.#do(() => options.files.next());
    this.#writer = this.#head();
  }

  /** False when it was dropped. */
  packet({ bytes, start, stop, seconds, nanoseconds, originalLength }: ReceivedPacket): boolean {
    const size = stop - start + RECORD_BYTES;
    if (this.#isOver || this.#waiting + this.#writer.size + size > FILE_WAITING_BYTES) {
      this.dropped++;
      return false;
    }
    if (this.#written + this.#writer.size + size > this.#options.rotateBytes) this.#rotate();
    this.#writer.append(0, bytes, start, stop, seconds, nanoseconds, originalLength);
    if (this.#writer.size >= FILE_FLUSH_BYTES) this.#flush();
    else this.#flushSoon();
    return true;
  }

  async close(): Promise<void> {
    this.#flush();
    this.#isOver = true;
    await this.#last;
    await this.#options.files.close();
  }

  #rotate(): void {
    this.#flush();
    this.#written = 0;
    this.#last = this.#do(() => this.#options.files.next());
    this.#writer = this.#head();
  }

  #head(): PcapngWriter {
    const writer = new PcapngWriter();
    writer.appendSection();
    writer.appendInterface({ linkType: this.#options.linkType, name: this.#options.interface });
    this.#writer = writer;
    this.#flushSoon();
    return writer;
  }

  #flushSoon(): void {
    const { clock } = this.#options;
    this.#cancelFlush ??= clock.at(clock.now() + FILE_FLUSH_MS, () => this.#flush());
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    if (this.#writer.size === 0) return;
    const bytes = this.#writer.take();
    this.#written += bytes.length;
    this.#waiting += bytes.length;
    this.#last = this.#do(async () => {
      try {
        await this.#options.files.write(bytes);
      } finally {
        this.#waiting -= bytes.length;
      }
    });
  }

  /** After all that was asked of the disk before. */
  async #do(act: () => Promise<void>): Promise<void> {
    await this.#last;
    if (this.#hasFailed) return;
    try {
      await act();
    } catch (error) {
      this.#hasFailed = true;
      this.#isOver = true;
      this.#options.failed(new Error(`the capture cannot be written: ${explain(error)}`, { cause: error }));
    }
  }
}

/** What a record adds to its packet at most. */
const RECORD_BYTES = 40;
