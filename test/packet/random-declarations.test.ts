import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, type Random } from "#base/random.ts";
import { build, emit, givenLayers } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import type { LayerPlace } from "#packet/layer-parser.ts";
import type { Message } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import { hexText } from "#packet/primitive.ts";
import type { Problem } from "#packet/problem.ts";
import { Query, query } from "#packet/query/query.ts";
import { randomValues } from "#packet/random-values.ts";
import { readFields } from "#packet/read.ts";
import { Registry } from "#packet/registry.ts";
import { packetTree } from "#packet/show.ts";
import { Data } from "#wire/data.ts";
import { randomMessage } from "./random-message.ts";

const SEEDS = Number(process.env["PARLEY_SEEDS"] ?? 50);

/** Bytes with a few of them changed, or without their end. */
function broken(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice(0, random.below(4) === 0 ? random.below(bytes.length + 1) : bytes.length);
  for (let i = random.below(3); i >= 0 && changed.length > 0; i--)
    changed[random.below(changed.length)] = random.below(4) === 0 ? random.below(256) : random.below(4);
  return changed;
}

/** The generated parser may only give up, never differ from the thorough one. */
function agrees(registry: Registry, message: Message, bytes: Uint8Array): boolean {
  const place: LayerPlace = { headerEnd: 0, end: 0, next: -1 };
  const quick = registry.parser(registry.numberOf(message))(bytes, 0, bytes.length, bytes.length, place);
  if (!quick) return false;
  const problems: Problem[] = [];
  const context = { bytes, captured: bytes.length, layerStart: 0, layerLimit: bytes.length, problems };
  const slow = readFields(context, message, 0, bytes.length);
  assert.ok(slow.whole && problems.length === 0, `${hexText(bytes)} is not whole`);
  assert.deepEqual({ ...quick }, { ...quick, ...slow.values }, hexText(bytes));
  assert.equal(place.headerEnd, slow.end);
  return true;
}

/** Of every value that was found, the question whether it is there is answered yes, both ways. */
function asks(registry: Registry, message: Message, bytes: Uint8Array, random: Random): void {
  const packet = new Packet(registry, message, bytes);
  const frame = { length: bytes.length, capturedLength: bytes.length };
  const facts = factsOf(packet);
  for (let i = 0; i < 6 && facts.length > 0; i++) {
    const { query: name, value } = facts[random.below(facts.length)]!;
    const isEmpty = value === undefined || value instanceof Uint8Array;
    const text = isEmpty ? name : `${name} == ${query`${value}`}`;
    const question = new Query(registry, text);
    assert.ok(question.matches(packet, frame), `${text} of ${hexText(bytes)}`);
    assert.ok(question.matcher(message)(bytes, 0, bytes.length, frame), `${text} of ${hexText(bytes)}`);
  }
}

for (let seed = 0; seed < SEEDS; seed++)
  test(`a random declaration is read, written, shown and asked about alike (seed ${seed})`, () => {
    const random = seededRandom(`declaration ${seed}`);
    const message = randomMessage(random, "made");
    const registry = new Registry([message, Data], Data);
    let equal = 0;
    for (let round = 0; round < 20; round++) {
      const values = randomValues(message, random);
      const bytes = emit(message, values);
      const parsed = parse(message, bytes);
      assert.ok(parsed.ok, hexText(bytes));
      assert.deepEqual(parsed.value, values);
      if (agrees(registry, message, bytes)) equal++;
      asks(registry, message, bytes, random);
      for (let i = 0; i < 5; i++) {
        const other = broken(random, bytes);
        agrees(registry, message, other);
        const packet = new Packet(registry, message, other);
        assert.ok(packetTree(packet).length > 0);
        assert.equal(hexText(build(registry, givenLayers(packet))), hexText(other));
        asks(registry, message, other, random);
      }
    }
    assert.ok(equal >= 10, `the generated parser gave up on ${20 - equal} of 20 good ones`);
  });
