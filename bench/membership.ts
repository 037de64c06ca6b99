import { spawnSync } from "node:child_process";
import { loadavg } from "node:os";
import { codec } from "./membership/codec.ts";
import { Arena } from "./membership/contenders.ts";
import { converge } from "./membership/converge.ts";
import { death } from "./membership/death.ts";
import { rest } from "./membership/rest.ts";

/**
 * Members beside those of HashiCorp's memberlist (Go), on loopback of a network namespace (needs root, Go and memberlist's
 * source). Words choose parts, rounds and sizes: `npm run bench -- membership converge death rest codec rounds=5 nodes=50
 * seconds=60`. Many of ours may share a process; at rest each has its own, as Go's have always. Full figures need a machine
 * on which nothing else runs.
 */
export async function run(): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || spawnSync("go", ["version"]).status !== 0) {
    process.stderr.write(
      "bench membership: needs Linux, root, and Go with golang-github-hashicorp-memberlist-dev\n",
    );
    process.exitCode = 1;
    return;
  }
  const words = process.argv.slice(3);
  const number = (name: string, usual: number): number => {
    const word = words.find((each) => each.startsWith(`${name}=`));
    return word === undefined ? usual : Number(word.slice(name.length + 1));
  };
  const nodes = number("nodes", 0);
  const arena = new Arena();
  const sizes = (usual: readonly number[]): readonly number[] => (nodes > 0 ? [nodes] : usual);
  const parts: readonly (readonly [string, () => Promise<void> | void])[] = [
    ["converge", () => converge(arena, sizes([5, 20, 50]), number("rounds", 5))],
    ["death", () => death(arena, sizes([5, 20, 50]), number("rounds", 5))],
    ["rest", () => rest(arena, nodes || 10, number("seconds", 60))],
    ["codec", () => codec(arena)],
  ];
  const chosen = parts.filter(([name]) => words.includes(name));
  for (const [, part] of chosen.length > 0 ? chosen : parts) {
    await part();
    console.log(`  load average now: ${loadavg()[0]!.toFixed(1)}\n`);
  }
  process.exit();
}
