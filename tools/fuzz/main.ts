import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fromHex, storedInputs } from "./corpus.ts";
import { fuzz, replay, shrink, signatureOf, type Failure } from "./fuzzer.ts";
import { allTargets } from "./targets.ts";
import { hashOf, hex, type Target } from "./target.ts";

const USAGE = `Usage: npm run fuzz -- NAME... [--seconds N] [--seed S] [--keep-going]
       npm run fuzz -- NAME --input FILE | --hex DIGITS

Runs mutated inputs through parsers, writers and queries, and stops at the first that breaks a rule. NAME is a target,
"all", or "messages" for those of single protocol messages; without one the targets are listed.

      --seconds N    for each target (10)
      --executions N ends each target after so many inputs
      --seed S       other inputs; the same seed gives the same ones (1)
      --keep-going   shows every kind of failure once instead of stopping at the first
      --input FILE   runs the bytes of a file, and nothing else
      --hex DIGITS   runs these bytes, and nothing else
`;

/** Where failing inputs are kept. */
const FAILURES = fileURLToPath(new URL("../../node_modules/.cache/fuzz/", import.meta.url));
const LONGEST_COMMAND = 4_000;
/** Targets in front of those of single messages. */
const OTHERS = 15;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "10" },
    executions: { type: "string", default: "Infinity" },
    seed: { type: "string", default: "1" },
    input: { type: "string" },
    hex: { type: "string" },
    "keep-going": { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});

process.exitCode = main();

function main(): number {
  const targets = allTargets();
  const chosen = targets.filter((target, i) => positionals.some((name) => isNamed(target, name, i)));
  if (values.help || chosen.length === 0) {
    process.stdout.write(`${USAGE}\nTargets: ${targets.map(({ name }) => name).join(" ")}\n`);
    return values.help ? 0 : 2;
  }
  const input = values.input === undefined ? values.hex && fromHex(values.hex) : readFileSync(values.input);
  if (input !== undefined && input !== "") return replayOne(chosen[0]!, new Uint8Array(input));
  let failures = 0;
  for (const target of chosen) failures += runTarget(target);
  return failures > 0 ? 1 : 0;
}

function isNamed({ name }: Target, wanted: string, i: number): boolean {
  return wanted === "all" || wanted === name || (wanted === "messages" && i >= OTHERS);
}

function replayOne(target: Target, input: Uint8Array): number {
  const failure = replay(target, input);
  if (failure) show(target, failure);
  else process.stdout.write(`${target.name}: nothing is wrong: ${target.run(input)}\n`);
  return failure ? 1 : 0;
}

function runTarget(target: Target): number {
  const { seed } = values;
  const seen = new Set<string>();
  // Counts from the first input: making those to start from takes a moment.
  let end = Infinity;
  const most = Number(values.executions);
  const report = fuzz(target, {
    seed,
    inputs: [...storedInputs("regressions", target.name), ...storedInputs("corpus", target.name)],
    measuresHeap: true,
    isDone(executions) {
      if (executions === 0) end = performance.now() + Number(values.seconds) * 1_000;
      return executions >= most || performance.now() >= end;
    },
    onFailure(failure) {
      const signature = signatureOf(failure.error);
      if (!seen.has(signature)) show(target, shrink(target, failure));
      seen.add(signature);
      return values["keep-going"];
    },
  });
  const { executions, seconds, outcomes, kept, slowestMs, heapGrowth } = report;
  process.stdout.write(
    `${target.name}: ${executions} executions in ${seconds.toFixed(1)} s (${Math.round(executions / seconds)}/s), ` +
      `${outcomes} outcomes, ${kept} inputs kept, slowest ${slowestMs.toFixed(1)} ms, ` +
      `heap ${(heapGrowth / 1e6).toFixed(1)} MB more, seed ${seed}${seen.size > 0 ? `, ${seen.size} FAILURES` : ""}\n`,
  );
  return seen.size;
}

function show(target: Target, { input, error }: Failure): void {
  mkdirSync(FAILURES, { recursive: true });
  const path = `${FAILURES}${target.name}-${hashOf(input).toString(16).padStart(8, "0")}`;
  writeFileSync(path, input);
  const digits = hex(input);
  const isShort = digits.length <= LONGEST_COMMAND;
  process.stdout.write(
    [
      `${target.name} FAILED (seed ${values.seed}): ${error.name === "BrokenRule" ? error.message : error.stack}`,
      `    input of ${input.length} bytes: ${isShort ? digits : `${digits.slice(0, LONGEST_COMMAND)}…`}`,
      `    saved as ${path}`,
      `    npm run fuzz -- ${target.name} ${isShort ? `--hex ${digits === "" ? '""' : digits}` : `--input ${path}`}`,
      "",
    ].join("\n"),
  );
}
