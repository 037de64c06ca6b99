import { namesIn, type Expression } from "#packet/expression.ts";
import type { Following } from "#packet/bpf/following.ts";
import { breakpointsOf, evaluateInterval, exactly, isAmong, type Interval } from "#packet/bpf/interval.ts";
import type { Known, LayerWalk } from "#packet/bpf/layer-walk.ts";
import { largest } from "#packet/bpf/layout.ts";
import type { DerivedOccurrence, Key } from "#packet/bpf/occurrence.ts";

/** Values at which a number of a layer begins or ceases to pass tests. */
export function testsAt(layer: LayerWalk, known: Known, key: Key): readonly number[] {
  const layout = layer.layout(known);
  const most = largest(key.view);
  const scope = layer.scope(known, layout);
  const points: number[] = [];
  for (const { each } of layer.placedBy(known, layout, key.key)) {
    if (each.type === "bytes") continue;
    if (each.type === "number" || isName(each.expression, key.key)) points.push(...edges(each.accepted));
    if (each.type === "derived") {
      if (each.when) points.push(...breakpointsOf(each.when, key.key, most, scope));
      if (!isName(each.expression, key.key)) points.push(...changes(each, key.key, most, scope));
    }
  }
  return points;
}

/** The values at which other fields have another place, the header is sound or not, or something else follows. */
export function structureAt(
  layer: LayerWalk,
  following: Following,
  known: Known,
  { key, view }: Key,
): readonly number[] {
  const { message, state } = layer;
  const most = largest(view);
  const scope = layer.scope(known);
  const points: number[] = [];
  const from = (expression: Expression): void => {
    points.push(...breakpointsOf(expression, key, most, scope));
  };
  for (const { spec } of message.members) {
    if (spec.kind === "when") from(spec.condition);
    if (spec.kind === "choose") from(spec.on);
  }
  if (state.sure) for (const { holds } of message.checks) from(holds);
  points.push(...wholeSizes(layer, known, key, most));
  points.push(...following.breakpoints(known, key, most, scope));
  return points;
}

/** Values of a small number at which a derived value begins or ceases to pass. */
function changes(
  { expression, keys, accepted }: DerivedOccurrence,
  name: string,
  most: number,
  scope: (name: string) => Interval,
): readonly number[] {
  if (most > 255 || !keys.includes(name)) return [];
  const points: number[] = [];
  let before: boolean | undefined;
  for (let value = 0; value <= most; value++) {
    const found = evaluateInterval(expression, (other) => (other === name ? exactly(value) : scope(other)));
    const now = isAmong(found, accepted);
    if (value > 0 && now !== before) points.push(value);
    before = now;
  }
  return points.length <= MOST_CHANGES ? points : [];
}

/** More would make a program longer than they are worth. */
const MOST_CHANGES = 32;

/** Values of a header's size with which all of the header is at known places. */
function wholeSizes({ walk, message }: LayerWalk, known: Known, name: string, most: number): number[] {
  const { headerSize } = message;
  if (!headerSize || most > 255 || !namesIn(headerSize).has(name)) return [];
  const values = Array.from({ length: most + 1 }, (_, value) => value);
  const isWhole = (value: number): boolean =>
    walk.layout(message, new Map(known.values).set(name, exactly(value))).complete;
  return values.filter(isWhole).flatMap((value) => [value, value + 1]);
}

function isName(expression: Expression, name: string): boolean {
  if (expression.type === "choice") return isName(expression.yes, name) || isName(expression.no, name);
  return expression.type === "name" && expression.name === name;
}

function edges(intervals: readonly Interval[]): number[] {
  return intervals.flatMap(({ low, high }) => [low, high + 1]).filter(Number.isFinite);
}
