import { setTimeout as pause } from "node:timers/promises";
import { median } from "../median.ts";
import { Cluster, hostOf, KINDS, namesOf, until, wallTime, type Arena, type Kind } from "./contenders.ts";

const LIMIT_MS = 120_000;

/** One of a settled cluster gets SIGKILL: until the first and until all others call it failed. Kinds take turns. */
export async function death(arena: Arena, sizes: readonly number[], rounds: number): Promise<void> {
  console.log(`SIGKILL of one, ${rounds} rounds in turns: median s until it is known (of each round)`);
  for (const size of sizes) {
    const rows = new Map<Kind, { first: number; all: number }[]>(KINDS.map((kind) => [kind, []]));
    for (const kind of KINDS) {
      const cluster = new Cluster(arena, kind);
      try {
        rows.get(kind)!.push(...(await deaths(cluster, size, rounds)));
      } finally {
        await cluster.stop();
      }
    }
    for (const kind of KINDS) {
      const told = rows.get(kind)!;
      const all = told.map((each) => (each.all / 1_000).toFixed(1)).join(" ");
      const middle = (pick: (each: { first: number; all: number }) => number): string =>
        (median(told.map(pick)) / 1_000).toFixed(2).padStart(6);
      console.log(
        `  ${String(size).padStart(3)} ${kind.padEnd(11)} first ${middle(({ first }) => first)}  all ${middle((each) => each.all)}  (${all})`,
      );
    }
  }
}

async function deaths(
  cluster: Cluster,
  size: number,
  rounds: number,
): Promise<{ first: number; all: number }[]> {
  const names = namesOf(size - 1);
  await cluster.start(names.slice(0, 1), 0);
  const others = await cluster.start(names.slice(1), 1);
  for (const program of others) program.say(`join ${hostOf(0)}:7946`);
  const found: { first: number; all: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const victim = `victim${round}`;
    const [program] = await cluster.start([victim], size + round);
    program!.say(`join ${hostOf(0)}:7946`);
    const isKnown = (): boolean => names.every((name) => cluster.knows(name, victim));
    await until(`${cluster.kind}: all know ${victim}`, isKnown, LIMIT_MS);
    // So that no two deaths are at the same place in a probe interval.
    await pause(3_000 + Math.random() * 1_000);
    const died = wallTime();
    await program!.kill();
    const isGone = (): boolean => names.every((name) => cluster.goneAt(name, victim) !== undefined);
    await until(`${cluster.kind}: all know that ${victim} failed`, isGone, LIMIT_MS);
    const times = names.map((name) => cluster.goneAt(name, victim)! - died);
    found.push({ first: Math.min(...times), all: Math.max(...times) });
  }
  return found;
}
