import { readFileSync, writeFileSync } from "node:fs";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";

/** Writes the packets of several captures to one pcapng file, an interface for each; returns where each one's begin. */
export function mergeCaptures(files: readonly string[], into: string): ReadonlyMap<string, number> {
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
      const { bytes, start, stop, seconds, nanoseconds, originalLength } = reader;
      writer.append(place, bytes, start, stop, seconds, nanoseconds, originalLength);
      count++;
    }
  }
  writeFileSync(into, writer.take());
  return begins;
}
