import { readFileSync } from "node:fs";
import { parseRecording, replay, toJson } from "#machine/record.ts";
import { coreOf } from "./replay-cores.ts";

/** `npm run replay -- FILE`: takes every step of a recording again and compares; exit status 1 for a difference. */
const file = process.argv[2];
if (file === undefined) {
  process.stderr.write("usage: npm run replay -- FILE\n");
  process.exitCode = 2;
} else {
  try {
    run(file);
  } catch (error) {
    process.stderr.write(`${file}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

function run(path: string): void {
  const { header, steps } = parseRecording(readFileSync(path, "utf8"));
  const difference = replay(coreOf(header), steps);
  if (difference === undefined) {
    process.stdout.write(`replayed ${steps.length} steps of ${header.core}: identical\n`);
    return;
  }
  const { line, at, input, recorded, replayed } = difference;
  process.stdout.write(
    `line ${line}, at ${at} ms: ${toJson(input)}\nrecorded ${recorded}\nreplayed ${replayed}\n`,
  );
  process.exitCode = 1;
}
