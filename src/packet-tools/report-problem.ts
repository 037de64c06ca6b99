import { safeText } from "#base/safe-text.ts";

/** Says what is wrong with a file, after all that was right. Returns the exit status. */
export function reportProblem(problem: string | undefined): number {
  if (problem === undefined) return 0;
  process.stderr.write(`parley: ${safeText(problem)}\n`);
  return 1;
}
