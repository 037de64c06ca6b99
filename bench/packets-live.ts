import { availableParallelism } from "node:os";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "#base/operator-error.ts";
import { measureCaptures } from "./packets/live-capture.ts";
import { LiveLab } from "./packets/live-lab.ts";
import { measureReplay, measureTiming } from "./packets/live-replay.ts";
import { measureResponder } from "./packets/live-responder.ts";
import { print } from "./packets/live-rows.ts";
import { findProgram, temporaryFolder } from "./packets/processes.ts";

/**
 * Packets on a cable between two network namespaces: our programs and those that others use for it, whole processes in
 * turns. Needs root. `-- packets-live --short` only shows that it runs; `--only capture` (replay, timing, responder)
 * leaves the rest out.
 */
export async function run(): Promise<void> {
  for (const [program, apt] of PEERS)
    if (findProgram(program) === undefined)
      throw new OperatorError(`${program} is missing`, `apt-get install ${apt}`);
  if (process.getuid?.() !== 0) throw new OperatorError("network namespaces need root", "run it as root");
  const isShort = process.argv.includes("--short");
  const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : undefined;
  const folder = fastFolder();
  const lab = new LiveLab();
  const scale = isShort ? 0.02 : 1;
  print(`Node ${process.version}, ${availableParallelism()} cores, veth; files in ${folder}`);
  const parts: Readonly<Record<string, () => Promise<void>>> = {
    capture: () => measureCaptures(lab, folder, scale),
    replay: () => measureReplay(lab, folder, scale),
    timing: () => measureTiming(lab, folder, scale),
    responder: () => measureResponder(lab, scale),
  };
  for (const [name, measure] of Object.entries(parts))
    if (only === undefined || only === name) await measure();
}

/** In memory where there is room for it: the disk is not what is measured. */
function fastFolder(): string {
  const folder = temporaryFolder();
  if (!existsSync(MEMORY)) return folder;
  const fast = mkdtempSync(join(MEMORY, "parley-packets-"));
  process.once("exit", () => rmSync(fast, { recursive: true, force: true }));
  return fast;
}

const MEMORY = "/dev/shm";
const PEERS = [
  ["ip", "iproute2"],
  ["sysctl", "procps"],
  ["tcpdump", "tcpdump"],
  ["tcpreplay", "tcpreplay"],
  ["ping", "iputils-ping"],
] as const;
