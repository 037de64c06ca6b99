import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../captures", import.meta.url));

/** Every capture that tshark and we have to read alike. */
export function allCaptures(): string[] {
  return globSync("{*,ospf/*,membership/*}.pcap", { cwd: FOLDER })
    .sort()
    .map((name) => join(FOLDER, name));
}

export function captureName(file: string): string {
  return basename(file, ".pcap");
}
