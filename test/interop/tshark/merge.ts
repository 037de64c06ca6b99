import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";

/**
 * Writes the packets of several captures to one pcapng file, an interface for each; returns where each one's begin.
 * `numbered`: packets have the time 0 s, 1 s, 2 s and so on.
 */
export function mergeCaptures(
  files: readonly string[],
  into: string,
  numbered = false,
): ReadonlyMap<string, number> {
  const writer = new PcapngWriter();
  const begins = new Map<string, number>();
  writer.appendSection();
  let count = 0;
  for (const file of files) {
    const reader = new CaptureReader();
    reader.push(readFileSync(file));
    reader.end();
    let place: number | undefined;
    begins.set(file, count + 1);
    while (reader.next()) {
      place ??= writer.appendInterface({ linkType: reader.linkType, name: file.replace(/.*\//, "") });
      const { bytes, start, stop, originalLength } = reader;
      const [seconds, nanoseconds] = numbered ? [count, 0] : [reader.seconds, reader.nanoseconds];
      writer.append(place, bytes, start, stop, seconds, nanoseconds, originalLength);
      count++;
    }
  }
  writeFileSync(into, writer.take());
  return begins;
}

/** Runs something with the captures in one file, so that tshark, which takes half a second to start, is asked once. */
export async function withMerged<T>(
  captures: readonly string[],
  run: (file: string, begins: ReadonlyMap<string, number>) => Promise<T> | T,
  numbered = false,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "parley-merged-"));
  try {
    const file = join(folder, "all.pcapng");
    return await run(file, mergeCaptures(captures, file, numbered));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
