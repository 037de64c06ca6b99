import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test, type TestContext } from "node:test";

/**
 * A test beside a real program. Where the program is missing it is left out and says so; where PARLEY_INTEROP is
 * "required", as in CI, it fails.
 */
export function programTest(
  name: string,
  programs: readonly string[],
  run: (context: TestContext) => Promise<void> | void,
): void {
  test(name, { timeout: 115_000 }, async (context) => {
    const missing = programs.find((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0);
    if (missing !== undefined) {
      assert.notEqual(process.env.PARLEY_INTEROP, "required", `needs ${missing}`);
      context.skip(`NOT RUN: needs ${missing}`);
      return;
    }
    await run(context);
  });
}
