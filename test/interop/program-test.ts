import { test, type TestContext } from "node:test";
import { isLeftOut, missingProgram } from "./left-out.ts";

/** A test beside real programs, left out where one of them is missing. */
export function programTest(
  name: string,
  programs: readonly string[],
  run: (context: TestContext) => Promise<void> | void,
): void {
  test(name, { timeout: 115_000 }, async (context) => {
    if (!isLeftOut(context, missingProgram(programs))) await run(context);
  });
}
