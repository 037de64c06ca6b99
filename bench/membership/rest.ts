import { setTimeout as pause } from "node:timers/promises";
import { Cluster, hostOf, KINDS, namesOf, until, type Arena } from "./contenders.ts";

/** Go's nodes exchange all for the first time after 30 to 60 s. */
const SETTLE_MS = 65_000;

/** A cluster in which nothing happens, each member a process of its own: what crosses loopback, and what the members take. */
export async function rest(arena: Arena, size: number, seconds: number): Promise<void> {
  console.log(`${size} members at rest for ${seconds} s, each a process: per member and second`);
  for (const kind of KINDS) {
    const cluster = new Cluster(arena, kind);
    try {
      const names = namesOf(size);
      await cluster.start(names.slice(0, 1), 0, true);
      const others = await cluster.start(names.slice(1), 1, true);
      for (const program of others) program.say(`join ${hostOf(0)}:7946`);
      const isDone = (): boolean => names.every((name) => cluster.knewAt(name, size - 1) !== undefined);
      await until(`${kind}: all know all`, isDone, 120_000);
      await pause(SETTLE_MS);
      const before = { ...arena.traffic(), cpuMs: cpuOf(cluster), at: performance.now() };
      await pause(seconds * 1_000);
      const after = { ...arena.traffic(), cpuMs: cpuOf(cluster), at: performance.now() };
      const share = 1_000 / (after.at - before.at) / size;
      const per = (what: "packets" | "bytes" | "cpuMs", digits: number): string =>
        ((after[what] - before[what]) * share).toFixed(digits);
      const memory = cluster.programs.reduce((sum, program) => sum + program.usage().megabytes, 0) / size;
      console.log(
        `  ${kind.padEnd(11)} ${per("packets", 2)} packets, ${per("bytes", 0)} bytes, ${per("cpuMs", 2)} ms of CPU; ` +
          `${memory.toFixed(0)} MB; ${cluster.failures} false failures`,
      );
    } finally {
      await cluster.stop();
    }
  }
}

function cpuOf(cluster: Cluster): number {
  return cluster.programs.reduce((sum, program) => sum + program.usage().cpuMs, 0);
}
