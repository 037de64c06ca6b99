import { execFileSync, spawnSync } from "node:child_process";

/**
 * 50,000 /24 routes into the kernel and out again: by rtnetlink as parleyd does it, by the routes service from OSPF's table
 * on, and by `ip -batch`, one after the other in one network namespace; medians.
 */
export async function run(): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    process.stderr.write("bench routes: needs Linux and root, for a network namespace of its own\n");
    process.exitCode = 1;
    return;
  }
  const name = `parley-bench-${process.pid}`;
  const ip = (...args: readonly string[]): void => void execFileSync("ip", args);
  ip("netns", "add", name);
  // Also when it is interrupted.
  process.on("exit", () => void spawnSync("ip", ["netns", "del", name]));
  ip("-n", name, "link", "add", "va", "type", "veth", "peer", "name", "vb");
  for (const link of ["lo", "va", "vb"]) ip("-n", name, "link", "set", link, "up");
  ip("-n", name, "addr", "add", "10.1.0.1/24", "dev", "va");
  const inside = [process.execPath, "--disable-warning=ExperimentalWarning", "bench/routes-inside.ts"];
  execFileSync("ip", ["netns", "exec", name, ...inside], { stdio: ["ignore", "inherit", "inherit"] });
}
