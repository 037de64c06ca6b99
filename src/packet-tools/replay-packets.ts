import { OperatorError } from "#base/operator-error.ts";
import type { StoredPackets } from "#host/packet-sockets.ts";
import { readCapture } from "#packet-tools/capture-source.ts";

/** All packets of a capture file, one behind the other: what an object for each would cost is more than sending it. */
export class ReplayPackets implements StoredPackets {
  /** Longer than what is in it. */
  bytes = new Uint8Array(FIRST_BYTES);
  starts = new Float64Array(FIRST_COUNT);
  /** When each was captured, ms after the first. */
  times = new Float64Array(FIRST_COUNT);
  count = 0;
  /** Packets that were cut when they were captured. */
  cut = 0;
  /** LINKTYPE_ values that there are, with the number of the first packet of each. */
  readonly linkTypes = new Map<number, number>();
  #firstSeconds = 0;
  #firstNanoseconds = 0;

  /**
   * Reads a file that fits into memory; with it comes what is wrong with the file. Throws OperatorError when it is none,
   * or is empty.
   */
  static async load(path: string): Promise<{ readonly packets: ReplayPackets; readonly problem?: string }> {
    const packets = new ReplayPackets();
    const problem = await readCapture(path, ({ reader }) => {
      const { number, linkType, bytes, start, stop, originalLength, seconds, nanoseconds } = reader;
      packets.#add(bytes, start, stop, seconds, nanoseconds);
      if (stop - start < originalLength) packets.cut++;
      if (!packets.linkTypes.has(linkType)) packets.linkTypes.set(linkType, number);
    });
    if (packets.count === 0) throw new OperatorError(`${path} has no packets`, "nothing was sent");
    return problem === undefined ? { packets } : { packets, problem };
  }

  /** Those from `first` up to `stop`. */
  views(first: number, stop: number): Uint8Array[] {
    const { bytes, starts } = this;
    return Array.from({ length: stop - first }, (_, i) =>
      bytes.subarray(starts[first + i], starts[first + i + 1]),
    );
  }

  #add(bytes: Uint8Array, start: number, stop: number, seconds: number, nanoseconds: number): void {
    if (this.count === 0) [this.#firstSeconds, this.#firstNanoseconds] = [seconds, nanoseconds];
    if (this.count + 1 === this.starts.length) {
      this.starts = grown(this.starts, new Float64Array(2 * this.starts.length));
      this.times = grown(this.times, new Float64Array(2 * this.times.length));
    }
    const at = this.starts[this.count]!;
    const end = at + stop - start;
    if (end > this.bytes.length)
      this.bytes = grown(this.bytes, new Uint8Array(Math.max(end, 2 * this.bytes.length)));
    this.bytes.set(bytes.subarray(start, stop), at);
    const past = (seconds - this.#firstSeconds) * 1_000;
    this.times[this.count] = past + (nanoseconds - this.#firstNanoseconds) / 1e6;
    this.starts[++this.count] = end;
  }
}

function grown<Values extends Uint8Array | Float64Array>(values: Values, larger: Values): Values {
  larger.set(values);
  return larger;
}

const FIRST_BYTES = 1024 * 1024;
const FIRST_COUNT = 16 * 1024;
