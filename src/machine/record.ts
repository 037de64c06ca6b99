import type { Core } from "#machine/core.ts";

/**
 * A run as text, one JSON value a line: first the header, from which the same core can be built again, then one line a
 * step. Bytes are written as { "$bytes": hex }. Whoever has the file can replay the run offline, step by step.
 */
export interface RecordingHeader {
  readonly recording: 1;
  /** Which core: "whisper". */
  readonly core: string;
  /** All that its constructor was given, the state of its random numbers included. */
  readonly setup: unknown;
}

export interface RecordedStep {
  /** Time of the step, ms, monotonic. */
  readonly at: number;
  readonly input: unknown;
  readonly outputs: readonly unknown[];
}

/** Where the replayed core first did something else than the recorded one. */
export interface ReplayDifference {
  /** Line in the recording, from 1. */
  readonly line: number;
  readonly at: number;
  readonly input: unknown;
  readonly recorded: string;
  readonly replayed: string;
}

/** Writes a recording line by line to `write` until `limitBytes` (characters) are reached, then says so and stops. */
export class Recorder {
  readonly #write: (line: string) => void;
  #left: number;

  constructor(header: RecordingHeader, write: (line: string) => void, limitBytes = RECORDING_LIMIT_BYTES) {
    this.#write = write;
    this.#left = limitBytes;
    this.#line(header);
  }

  step(at: number, input: unknown, outputs: readonly unknown[]): void {
    this.#line({ at, input, outputs });
  }

  #line(value: unknown): void {
    if (this.#left <= 0) return;
    const line = toJson(value);
    this.#left -= line.length + 1;
    if (this.#left > 0) this.#write(line);
    else this.#write(toJson({ full: true }));
  }
}

/** A day of a talkative node; a recording that nobody stopped must not fill the disk. */
export const RECORDING_LIMIT_BYTES = 256 * 1024 * 1024;

/** Reads what a Recorder wrote. A last line that was cut off (the process was killed) is left out. */
export function parseRecording(text: string): { header: RecordingHeader; steps: readonly RecordedStep[] } {
  const lines = text.split("\n");
  const first = fromJson(lines[0] ?? "") as RecordingHeader | undefined;
  if (first?.recording !== 1) throw new Error("not a recording: the first line has no { recording: 1 }");
  const steps: RecordedStep[] = [];
  for (const [i, line] of lines.slice(1).entries()) {
    if (line === "") continue;
    const step = fromJson(line) as RecordedStep | { full: true } | undefined;
    if (step === undefined && i + 2 >= lines.length) break;
    if (step === undefined) throw new Error(`line ${i + 2} of the recording is not JSON`);
    if ("full" in step) break;
    steps.push(step);
  }
  return { header: first, steps };
}

/** Gives the core every recorded input at its recorded time and compares what it says; undefined when all is equal. */
export function replay<Input, Output>(
  core: Core<Input, Output>,
  steps: readonly RecordedStep[],
): ReplayDifference | undefined {
  for (const [i, { at, input, outputs }] of steps.entries()) {
    const recorded = toJson(outputs);
    const replayed = toJson(core.handle(input as Input, at));
    if (recorded !== replayed) return { line: i + 2, at, input, recorded, replayed };
  }
  return undefined;
}

/** JSON in which bytes survive. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key, part: unknown) {
    // Looked up anew: the buffers of a real machine turn themselves into JSON before they get here.
    const bytes = this[key];
    return bytes instanceof Uint8Array ? { $bytes: Array.from(bytes, (byte) => HEX[byte]).join("") } : part;
  });
}

/** What toJson wrote; undefined when it is no JSON. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text, (_key, part: unknown) => {
      if (typeof part !== "object" || part === null || !("$bytes" in part)) return part;
      const hex = String(part.$bytes);
      return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
        Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
      );
    });
  } catch {
    return undefined;
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
