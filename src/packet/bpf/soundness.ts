import { isExact, truthOf } from "#packet/bpf/interval.ts";
import type { Known, LayerWalk } from "#packet/bpf/layer-walk.ts";
import { placeEnd } from "#packet/bpf/layout.ts";

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
