import { isDeepStrictEqual } from "node:util";
import type { Random } from "#base/random.ts";
import { emit } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import type { LayerPlace } from "#packet/layer-parser.ts";
import type { Message } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import type { Problem } from "#packet/problem.ts";
import { walkMessage } from "#packet/query-field.ts";
import { randomValues } from "#packet/random-values.ts";
import { readFields, type Node } from "#packet/read.ts";
import type { Registry } from "#packet/registry.ts";
import { standardRegistry } from "#wire/registry.ts";
import { storedInputs } from "./corpus.ts";
import { frameIn } from "./packets.ts";
import { must, type Target } from "./target.ts";

/** One target for every declaration: the protocols, and the structures inside them. */
export function messageTargets(): Target[] {
  const registry = standardRegistry();
  const messages = new Set<Message>(registry.messages);
  for (const message of registry.messages)
    walkMessage(message, (spec) => spec.kind === "struct" && messages.add(spec.message));
  const counts = new Map<string, number>();
  let samples: ReadonlyMap<Message, readonly Uint8Array[]> | undefined;
  return [...messages].map((message) => {
    const count = (counts.get(message.name) ?? 0) + 1;
    counts.set(message.name, count);
    const name = count === 1 ? message.name : `${message.name}-${count}`;
    return messageTarget(registry, message, name, () => (samples ??= samplesOf(registry)));
  });
}

const RANDOM_SEEDS = 8;
const MOST_SAMPLES = 200;

function messageTarget(
  registry: Registry,
  message: Message,
  name: string,
  samples: () => ReadonlyMap<Message, readonly Uint8Array[]>,
): Target {
  const isLayer = registry.messages.includes(message);
  return {
    name,
    longest: 1_024,
    seeds: (random) => [
      ...(samples().get(message) ?? []),
      ...Array.from({ length: RANDOM_SEEDS }, () => madeBytes(message, random)).filter(
        (each) => each !== undefined,
      ),
    ],
    make: (random) => madeBytes(message, random),
    run(input) {
      if (isLayer) checkGenerated(registry, message, input);
      return checkRoundTrip(message, input);
    },
  };
}

/** Bytes of random values. That a declaration has none is for test/packet/declarations.test.ts to tell. */
export function madeBytes(message: Message, random: Random): Uint8Array | undefined {
  try {
    return emit(message, randomValues(message, random));
  } catch {
    return undefined;
  }
}

/** What pads itself to a place in the layer around it, which is not there when it is read alone. */
const ALIGNED = /^icmpv6\.(nd\.|opt\.dnssl$)/;

function checkRoundTrip(message: Message, input: Uint8Array): string {
  const parsed = parse(message, input);
  if (!parsed.ok) {
    must(0 <= parsed.at && parsed.at <= input.length, "an error out of place", parsed.error, parsed.at);
    return parsed.error.replaceAll(/\d+/g, "0");
  }
  must(parsed.end <= input.length, "an end behind the end", parsed.end);
  const emitted = emit(message, parsed.value);
  const read = input.subarray(0, parsed.end);
  const isSame = Buffer.compare(emitted, read) === 0 || ALIGNED.test(message.name);
  must(isSame, "what is written differs from what was read", emitted, read, parsed.value);
  return shapeOf(parsed.value);
}

/** The generated parser may only give up, never differ. */
function checkGenerated(registry: Registry, message: Message, bytes: Uint8Array): void {
  const place: LayerPlace = { headerEnd: 0, end: 0, next: -1 };
  const quick = registry.parser(registry.numberOf(message))(bytes, 0, bytes.length, bytes.length, place);
  if (!quick) return;
  const problems: Problem[] = [];
  const context = { bytes, captured: bytes.length, layerStart: 0, layerLimit: bytes.length, problems };
  const slow = readFields(context, message, 0, bytes.length);
  must(slow.whole && problems.length === 0, "the generated parser takes what is broken", problems);
  must(
    isDeepStrictEqual({ ...quick }, slow.values),
    "the generated parser reads other values",
    quick,
    slow.values,
  );
  must(place.headerEnd === slow.end, "the generated parser ends elsewhere", place.headerEnd, slow.end);
}

/** Which fields are there, of which kind, and how long lists are, roughly. */
function shapeOf(value: unknown, depth = 0): string {
  if (value === undefined) return "-";
  if (value instanceof Uint8Array || typeof value === "string") return value.length === 0 ? "e" : "b";
  if (Array.isArray(value))
    return `[${value.length > 3 ? "+" : ""}${depth > 3 ? "" : value.slice(0, 3).map((each) => shapeOf(each, depth + 1))}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.values(value).map((each) => shapeOf(each, depth + 1))}}`;
  return typeof value === "number" ? String(Math.min(value, 16) & ~3) : typeof value;
}

/** The bytes of every message that stands in the frames of the corpus. */
function samplesOf(registry: Registry): Map<Message, Uint8Array[]> {
  const samples = new Map<Message, Uint8Array[]>();
  const add = (message: Message, bytes: Uint8Array): void => {
    const known = samples.get(message) ?? [];
    if (known.length < MOST_SAMPLES) known.push(bytes.slice(0, 1_024));
    samples.set(message, known);
  };
  for (const input of storedInputs("corpus", "packets")) {
    const { first, bytes } = frameIn(registry, input);
    const packet = new Packet(registry, first, bytes);
    const walk = ({ spec, start, end, children }: Node): void => {
      if (spec.kind === "struct") add(spec.message, bytes.subarray(start, end));
      children.forEach(walk);
    };
    for (const layer of packet.layers) {
      add(layer.message, bytes.subarray(layer.start, layer.limit));
      packet.nodes(layer).forEach(walk);
    }
  }
  return samples;
}
