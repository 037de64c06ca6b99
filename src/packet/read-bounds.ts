import { evaluate } from "#packet/expression.ts";
import type { Message } from "#packet/message.ts";
import type { ReadContext } from "#packet/read.ts";

/** Whether bytes are missing without which nothing of the message counts. */
export function lacksBytes(
  { captured, problems }: ReadContext,
  message: Message,
  start: number,
  end: number,
  scope: (name: string) => number,
): boolean {
  if (!message.needs) return false;
  const needed = start + evaluate(message.needs, scope);
  if (needed <= Math.min(end, captured)) return false;
  const kind = needed > end ? "truncated" : "cut";
  problems.push({ kind, error: `${kind} ${message.name}`, at: Math.min(end, captured) });
  return true;
}

/** Whether a value read before member `i` makes it useless to go on. */
export function stops(
  { problems }: ReadContext,
  message: Message,
  i: number,
  at: number,
  scope: (name: string) => number,
): boolean {
  const failed = message.checks.find(({ stopsAfter, holds }) => stopsAfter === i && !evaluate(holds, scope));
  if (failed) problems.push({ kind: "malformed", error: `${message.name}: ${failed.problem}`, at });
  return failed !== undefined;
}

/** Where the header ends, as it says itself or as far as the layer goes. */
export function headerEnd(
  context: ReadContext,
  message: Message,
  start: number,
  end: number,
  scope: (name: string) => number,
): number {
  const size = evaluate(message.headerSize!, scope);
  if (size >= 0 && start + size <= Math.min(end, context.captured)) return start + size;
  if (start + size > end)
    context.problems.push({ kind: "truncated", error: `truncated ${message.name} header`, at: end });
  else if (start + size > context.captured)
    context.problems.push({ kind: "cut", error: `cut ${message.name} header`, at: context.captured });
  return Math.min(end, Math.max(start + size, context.captured));
}
