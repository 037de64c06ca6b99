import { execFileSync, spawnSync } from "node:child_process";
import { test, type TestContext } from "node:test";
import { isLeftOut, missingProgram } from "./left-out.ts";

/** A network namespace of a test's own, with nothing but loopback, which is up. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    ip("netns", "add", name);
    ip("-n", name, "link", "set", "lo", "up");
  }

  /** Runs a command inside; its standard output. Throws when it fails. */
  run(...command: readonly string[]): string {
    return execFileSync("ip", ["netns", "exec", this.name, ...command], {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
  }

  delete(): void {
    spawnSync("ip", ["netns", "del", this.name]);
  }
}

/** `ip ARGUMENTS`; its standard output. */
export function ip(...args: readonly string[]): string {
  return execFileSync("ip", args, { encoding: "utf8" });
}

/** A test inside a namespace, left out without root or the programs it needs. */
export function namespaceTest(
  name: string,
  programs: readonly string[],
  run: (namespace: Namespace, context: TestContext) => Promise<void> | void,
): void {
  test(name, { timeout: 110_000 }, async (context) => {
    if (isLeftOut(context, whatIsMissing(["ip", ...programs]))) return;
    const namespace = new Namespace(`parley-test-${process.pid}`);
    try {
      await run(namespace, context);
    } finally {
      namespace.delete();
    }
  });
}

function whatIsMissing(programs: readonly string[]): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root, for network namespaces";
  const missing = missingProgram(programs);
  if (missing !== undefined) return missing;
  const probe = `parley-probe-${process.pid}`;
  if (spawnSync("ip", ["netns", "add", probe]).status !== 0) return "needs network namespaces";
  spawnSync("ip", ["netns", "del", probe]);
  return undefined;
}
