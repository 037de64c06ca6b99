import type { Fields, Message, Values } from "#packet/message.ts";
import type { Problem } from "#packet/problem.ts";
import { readFields } from "#packet/read.ts";

export type Parsed<V> =
  | { readonly ok: true; readonly value: V; readonly end: number }
  | {
      readonly ok: false;
      /** "truncated ospf.hello.priority". */
      readonly error: string;
      readonly at: number;
      /** The fields that were there. */
      readonly partial: Partial<V>;
    };

/** Reads one message from the bytes, to their end at most. Never throws. */
export function parse<F extends Fields>(message: Message<F>, bytes: Uint8Array): Parsed<Values<F>> {
  const problems: Problem[] = [];
  const context = { bytes, captured: bytes.length, layerStart: 0, layerLimit: bytes.length, problems };
  const { values, end, whole } = readFields(context, message as unknown as Message, 0, bytes.length);
  const problem = problems[0];
  if (whole && !problem) return { ok: true, value: values as Values<F>, end };
  const { error, at } = problem ?? { error: `truncated ${message.name}`, at: end };
  return { ok: false, error, at, partial: values as Partial<Values<F>> };
}
