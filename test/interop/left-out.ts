import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { TestContext } from "node:test";

/** "needs dig" for the first of these programs that is not installed. */
export function missingProgram(programs: readonly string[]): string | undefined {
  const missing = programs.find((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0);
  return missing && `needs ${missing}`;
}

/**
 * Whether a test is left out, because something is missing; then it says so. Where PARLEY_INTEROP is "required", as in
 * CI, it fails instead.
 */
export function isLeftOut(context: TestContext, missing: string | undefined): boolean {
  if (missing === undefined) return false;
  assert.notEqual(process.env.PARLEY_INTEROP, "required", missing);
  context.skip(`NOT RUN: ${missing}`);
  return true;
}
