import { loadavg } from "node:os";
import { externals } from "./ospf/externals.ts";
import { join } from "./ospf/join.ts";
import { ring } from "./ospf/ring.ts";

/**
 * Parley beside FRR and BIRD, each as people run it, in network namespaces (needs root): times until the kernel has the
 * routes, processor time, memory. Within a round each kind has its turn. Words choose parts and rounds:
 * `npm run bench -- ospf join ring externals rounds=3 externals=10000`. The shortest paths alone are `ospf-spf`.
 */
export async function run(): Promise<void> {
  const words = process.argv.slice(3);
  const number = (name: string) =>
    words.flatMap((word) => (word.startsWith(`${name}=`) ? [Number(word.slice(name.length + 1))] : []));
  const [rounds = 3] = number("rounds");
  const counts = number("externals");
  const parts = [
    { name: "join", run: () => join(rounds) },
    { name: "ring", run: () => ring(rounds) },
    { name: "externals", run: () => externals(counts.length > 0 ? counts : [10_000, 50_000], rounds) },
  ];
  const chosen = parts.filter(({ name }) => words.some((word) => word.split("=")[0] === name));
  for (const part of chosen.length > 0 ? chosen : parts) {
    await part.run();
    console.log(`  load average now: ${loadavg()[0]!.toFixed(1)}\n`);
  }
}
