import type { Outcome } from "#packet/bpf/formula.ts";
import { isAmong, isExact, truthOf } from "#packet/bpf/interval.ts";
import type { Known, LayerWalk } from "#packet/bpf/layer-walk.ts";
import { placeEnd } from "#packet/bpf/layout.ts";
import { endOf, type Occurrence } from "#packet/bpf/occurrence.ts";

/** Whether reading a layer gets as far as a member, whatever else is wrong. */
export function isSound(layer: LayerWalk, known: Known, index: number): boolean {
  const { checks, headerSize, headerSizeAfter } = layer.message;
  const holds = checks.every(
    (check) => (check.stopsAfter ?? Infinity) > index || truthOf(layer.evaluate(known, check.holds)) === true,
  );
  if (!holds || !headerSize || index < headerSizeAfter) return holds;
  // Fields behind the one with the size end where the header does.
  const fields = [...layer.layout(known).fields.values()].filter((field) => field.index <= index);
  const end = Math.max(...fields.map(({ place }) => placeEnd(place)));
  return layer.evaluate(known, headerSize).low >= end;
}

/** Whether nothing of what follows can be certain any more. */
export function isHopeless(layer: LayerWalk, known: Known, needsEnd: boolean): boolean {
  const { checks, headerSize } = layer.message;
  if (checks.some(({ holds }) => truthOf(layer.evaluate(known, holds)) === false)) return true;
  return (
    needsEnd &&
    headerSize !== undefined &&
    isExact(layer.evaluate(known, headerSize)) &&
    !layer.layout(known).complete
  );
}

/** What a decision says of an occurrence: nothing, where the value does not pass. */
export function outcomeOf(
  layer: LayerWalk,
  known: Known,
  each: Occurrence,
  name: string,
): Outcome | undefined {
  if (each.type === "bytes") return undefined;
  let truth: boolean | undefined;
  if (each.type === "number") {
    if (each.key !== name) return undefined;
    truth = isAmong(known.values.get(name)!, each.accepted);
  } else {
    if (!each.keys.includes(name) || each.keys.some((key) => !known.done.has(key))) return undefined;
    const there = each.when ? truthOf(layer.evaluate(known, each.when)) : true;
    if (there === false) return undefined;
    truth = isAmong(layer.evaluate(known, each.expression), each.accepted);
    if (truth === true && there === undefined) truth = undefined;
  }
  if (truth === false) return undefined;
  return truth && isSure(layer, known, each) ? "yes" : "maybe";
}

/** Whether the query sees a field that the filter sees. */
export function isSure(layer: LayerWalk, known: Known, each: Occurrence): boolean {
  const { state, needed } = layer;
  const bytes = Math.max(endOf(each), needed);
  if (!state.sure || state.limit < bytes || known.there < bytes) return false;
  return isSound(layer, known, each.index);
}
