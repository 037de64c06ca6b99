import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { build, givenLayers, type GivenLayer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { emit } from "#packet/build.ts";
import type { LayerPlace } from "#packet/layer-parser.ts";
import type { Message } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import { hexText } from "#packet/primitive.ts";
import type { Problem } from "#packet/problem.ts";
import { walkMessage } from "#packet/query-field.ts";
import { randomGiven, randomValues } from "#packet/random-values.ts";
import { readFields } from "#packet/read.ts";
import { standardRegistry } from "#wire/registry.ts";

const SEEDS = Number(process.env["PARLEY_SEEDS"] ?? 50);
const registry = standardRegistry();

/** Every declaration: the protocols, and the structures inside them. */
function allMessages(): Message[] {
  const found = new Set<Message>(registry.messages);
  for (const message of registry.messages)
    walkMessage(message, (spec) => spec.kind === "struct" && found.add(spec.message));
  return [...found];
}

/** Whether all that was given stands in what was read; fields that were left out may hold anything. */
function holds(read: unknown, given: unknown): boolean {
  if (given === undefined) return true;
  if (given instanceof Uint8Array) return read instanceof Uint8Array && hexText(read) === hexText(given);
  if (Array.isArray(given))
    return (
      Array.isArray(read) && read.length >= given.length && given.every((each, i) => holds(read[i], each))
    );
  if (typeof given !== "object" || given === null) return Object.is(read, given);
  if (typeof read !== "object" || read === null) return false;
  return Object.entries(given).every(([name, value]) =>
    holds((read as Record<string, unknown>)[name], value),
  );
}

function shown(values: unknown): string {
  return JSON.stringify(values, (_, each: unknown) => {
    if (each instanceof Uint8Array) return hexText(each);
    return typeof each === "bigint" ? `${each}n` : each;
  });
}

for (const message of allMessages()) {
  test(`${message.name}: values become bytes and the same values again`, () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const values = randomValues(message, seededRandom(`${message.name} ${seed}`));
      const bytes = emit(message, values);
      const line = `seed ${seed}: ${shown(values)} ${hexText(bytes)}`;
      const parsed = parse(message, bytes);
      assert.ok(parsed.ok, line);
      assert.deepEqual(parsed.value, values, line);
      assert.equal(hexText(emit(message, parsed.value)), hexText(bytes), line);
    }
  });

  test(`${message.name}: what emit is given stands in what parse reads`, () => {
    let kept = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const given = randomGiven(message, seededRandom(`given ${message.name} ${seed}`));
      const parsed = parse(message, emit(message, given));
      if (parsed.ok && holds(parsed.value, given)) kept++;
    }
    // The others do not fit together: a length that counts words, a list that would end elsewhere.
    assert.ok(kept >= SEEDS / 10, `${kept} of ${SEEDS} were kept`);
  });
}

/** Reads a layer both ways; the generated parser may only give up, never differ. */
function bothWays(message: Message, bytes: Uint8Array): "equal" | "gave up" {
  const place: LayerPlace = { headerEnd: 0, end: 0, next: -1 };
  const quick = registry.parser(registry.numberOf(message))(bytes, 0, bytes.length, bytes.length, place);
  const problems: Problem[] = [];
  const context = { bytes, captured: bytes.length, layerStart: 0, layerLimit: bytes.length, problems };
  const slow = readFields(context, message, 0, bytes.length);
  if (!quick) return "gave up";
  assert.ok(slow.whole && problems.length === 0, `${message.name} ${hexText(bytes)} is not whole`);
  assert.deepEqual({ ...quick }, { ...quick, ...slow.values }, `${message.name} ${hexText(bytes)}`);
  assert.equal(place.headerEnd, slow.end);
  return "equal";
}

for (const message of registry.messages) {
  test(`${message.name}: the generated parser reads what the thorough one reads`, () => {
    let equal = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = seededRandom(`quick ${message.name} ${seed}`);
      const bytes = emit(message, randomValues(message, random));
      if (bothWays(message, bytes) === "equal") equal++;
      for (let i = 0; i < 8 && bytes.length > 0; i++) {
        const broken = bytes.slice(0, random.below(4) === 0 ? random.below(bytes.length) : bytes.length);
        if (broken.length > 0) broken[random.below(broken.length)] = random.below(256);
        bothWays(message, broken);
      }
    }
    assert.ok(equal > SEEDS / 2, `the generated parser gave up on ${SEEDS - equal} of ${SEEDS} good packets`);
  });
}

/** A packet of random layers, each of which leads to the next. */
function randomStack(seed: number): GivenLayer[] {
  const random = seededRandom(`stack ${seed}`);
  const layers: GivenLayer[] = [];
  let message: Message | undefined = registry.find("linktype", 1);
  for (let depth = 0; message && depth < 6; depth++) {
    layers.push({ message, given: randomValues(message, random) });
    const following: Message[] = message.next
      .filter(({ quoted, length }) => !quoted && !length)
      .flatMap(({ table }) =>
        [...registry.table(table).values()].map((number) => registry.messages[number]!),
      );
    message = following[random.below(Math.max(1, following.length))];
  }
  return layers;
}

test("a packet of random layers is written back byte for byte", () => {
  for (let seed = 0; seed < SEEDS * 10; seed++) {
    const bytes = build(registry, randomStack(seed), Uint8Array.of(1, 2, 3));
    for (const given of [bytes, bytes.subarray(0, bytes.length - 1 - (seed % bytes.length) / 2)]) {
      const packet = new Packet(registry, registry.find("linktype", 1)!, given);
      assert.equal(hexText(build(registry, givenLayers(packet))), hexText(given), `seed ${seed}`);
    }
  }
});
