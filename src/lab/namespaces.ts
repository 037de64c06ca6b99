import { readdir } from "node:fs/promises";
import { endProcesses, NAMESPACES, processesIn } from "#lab/processes.ts";
import { runProgram } from "#lab/run.ts";

/** Ends whatever runs in the namespaces whose names begin with `prefix`, and removes them. */
export async function removeNamespaces(prefix: string): Promise<void> {
  // Twice: what was being made when its maker was killed may come after the first look.
  for (let round = 0; round < 2; round++) {
    const names = await namespacesOf(prefix);
    if (names.length === 0) return;
    await endProcesses(processesIn(names), "SIGTERM", STOP_LIMIT_MS);
    await Promise.all(names.map((name) => runProgram(["ip", "netns", "del", name])));
  }
}

async function namespacesOf(prefix: string): Promise<string[]> {
  const all = await readdir(NAMESPACES).catch(() => []);
  return all.filter((name) => name.startsWith(prefix));
}

/** FRR and BIRD need less than a second; a parleyd with many routes takes some. */
const STOP_LIMIT_MS = 5_000;
