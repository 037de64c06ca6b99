import { quantile } from "../median.ts";
import { Cluster, hostOf, KINDS, namesOf, waitFor, wallTime, type Arena, type Kind } from "./contenders.ts";

/** Longer tails are cut here, and shown so. */
const LIMIT_MS = 60_000;

/** So many join through one at the same moment: until each knows all. Kinds take turns. */
export async function converge(arena: Arena, sizes: readonly number[], rounds: number): Promise<void> {
  console.log(`members that join one at once, ${rounds} rounds in turns: s until each knows all`);
  for (const size of sizes) {
    const times = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
    for (let round = 0; round < rounds; round++)
      for (const kind of KINDS) times.get(kind)!.push(...(await storm(arena, kind, size)));
    for (const kind of KINDS) console.log(row(kind, size, times.get(kind)!));
  }
}

async function storm(arena: Arena, kind: Kind, size: number): Promise<number[]> {
  const cluster = new Cluster(arena, kind);
  const names = namesOf(size);
  try {
    await cluster.start(names.slice(0, 1), 0);
    const others = await cluster.start(names.slice(1), 1);
    const began = wallTime();
    for (const program of others) program.say(`join ${hostOf(0)}:7946`);
    const isDone = (): boolean => names.every((name) => cluster.knewAt(name, size - 1) !== undefined);
    await waitFor(isDone, LIMIT_MS);
    return names.map((name) => (cluster.knewAt(name, size - 1) ?? began + LIMIT_MS) - began);
  } finally {
    await cluster.stop();
  }
}

function row(kind: Kind, size: number, times: readonly number[]): string {
  const seconds = (ms: number): string => (ms >= LIMIT_MS ? ">60" : (ms / 1_000).toFixed(2)).padStart(7);
  const shown = [0.5, 0.9, 0.99, 1].map((share) => seconds(quantile(times, share)));
  const labels = ["p50", "p90", "p99", "worst"];
  return `  ${String(size).padStart(3)} ${kind.padEnd(11)} ${labels.map((label, i) => `${label} ${shown[i]}`).join("  ")}`;
}
