import { parseArgs } from "node:util";
import { membershipFaults } from "../test/sim/membership-faults.ts";
import { whisperFaults } from "../test/sim/whisper-world.ts";

/** `npm run sim -- NAME --seed N [--trace] [--nodes N]`: runs one simulation again, as a failing test prints it. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "whisper-faults": whisperFaults,
  "membership-faults": membershipFaults,
};
type Scenario = (options: Parameters<typeof whisperFaults>[0]) => {
  readonly now: number;
  readonly trace: string;
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "0" },
    nodes: { type: "string", default: "200" },
    trace: { type: "boolean" },
  },
});
const name = positionals[0] ?? "";
const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
if (scenario === undefined) {
  process.stderr.write(
    `usage: npm run sim -- ${Object.keys(SCENARIOS).join(" | ")} [--seed N] [--nodes N] [--trace]\n`,
  );
  process.exitCode = 2;
} else {
  try {
    const trace = (line: string): void => void process.stdout.write(`${line}\n`);
    const options = { seed: Number(values.seed), nodes: Number(values.nodes) };
    const world = scenario(values.trace ? { ...options, trace } : options);
    process.stdout.write(`${name}, seed ${values.seed}: well after ${world.now / 1_000} s, ${world.trace}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
