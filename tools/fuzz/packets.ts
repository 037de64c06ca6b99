import { isDeepStrictEqual } from "node:util";
import type { Random } from "#base/random.ts";
import { safeText } from "#base/safe-text.ts";
import { build, givenLayers, type GivenLayer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import type { LayerParser } from "#packet/layer-parser.ts";
import type { Message } from "#packet/message.ts";
import { kindOf } from "#packet/query/checked.ts";
import type { Frame } from "#packet/query/frame.ts";
import { evaluateQuery, PacketValues, type Regexes } from "#packet/query/evaluate.ts";
import { QuerySet } from "#packet/query/query-set.ts";
import { Query } from "#packet/query/query.ts";
import { randomGiven } from "#packet/random-values.ts";
import type { Node } from "#packet/read.ts";
import { Registry } from "#packet/registry.ts";
import { packetTree } from "#packet/show.ts";
import { factText, packetJson } from "#packet-tools/json.ts";
import { rowOf, rowPrinter } from "#packet-tools/row.ts";
import { packetLines } from "#packet-tools/show.ts";
import { standardRegistry } from "#wire/registry.ts";
import { randomBytes } from "./mutate.ts";
import { PACKET_QUERIES } from "./packet-queries.ts";
import { must, type Target } from "./target.ts";

/** A registry whose parsers always give up, so that every layer is read the thorough way. */
class ThoroughRegistry extends Registry {
  override parser(): LayerParser {
    return () => undefined;
  }
}

/** An input's frame: two bytes of link type, one that says how many bytes of it were not captured, the bytes. */
export interface FuzzFrame {
  readonly first: Message;
  readonly bytes: Uint8Array;
  readonly missing: number;
}

const HEAD = 3;

export function frameIn(registry: Registry, input: Uint8Array): FuzzFrame {
  const links = registry.table("linktype");
  const told = ((input[0] ?? 0) << 8) | (input[1] ?? 0);
  const number = links.get(told) ?? [...links.values()][told % links.size]!;
  return { first: registry.messages[number]!, bytes: input.subarray(HEAD), missing: input[2] ?? 0 };
}

export function inputOf(linkType: number, missing: number, bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(linkType >> 8, linkType & 0xff, Math.min(missing, 0xff), ...bytes);
}

/** Everything that is done with packets, on frames of every link type. */
export function packetsTarget(): Target {
  const registry = standardRegistry();
  const thorough = new ThoroughRegistry(registry.messages, registry.fallback);
  const queries = PACKET_QUERIES.map((text) => new Query(registry, text));
  const set = new QuerySet(registry, queries);
  return {
    name: "packets",
    longest: 2_048,
    make: (random) => makeFrame(registry, random),
    run(input) {
      const { first, bytes, missing } = frameIn(registry, input);
      const options = { originalLength: bytes.length + missing };
      const packet = new Packet(registry, first, bytes, options);
      checkPlaces(packet);
      checkShown(packet, frameOf(bytes, missing));
      checkBothWays(packet, new Packet(thorough, first, bytes, options));
      checkWithinOthers(packet, missing);
      const built = build(registry, givenLayers(packet));
      must(Buffer.compare(built, bytes) === 0, "what is built differs from what was read", built, bytes);
      checkQueries(queries, set, packet, missing);
      return outcomeOf(packet);
    },
  };
}

export function frameOf(bytes: Uint8Array, missing: number): Frame {
  return {
    number: 3,
    seconds: 1_700_000_000,
    nanoseconds: 5_000,
    firstTime: 1_699_999_999_000_000_000n,
    previousTime: 1_700_000_000_000_000_000n,
    length: bytes.length + missing,
    capturedLength: bytes.length,
    interfaceIndex: 0,
    interfaceName: "eth0",
    comments: ["a comment"],
  };
}

/** Layers and fields lie inside the packet. */
function checkPlaces(packet: Packet): void {
  const { layers, end, problems } = packet;
  must(layers.length > 0, "a packet without layers");
  for (const layer of layers) {
    const { start, headerEnd, limit, message } = layer;
    must(
      0 <= start && start <= headerEnd && headerEnd <= limit && limit <= end,
      "a layer out of place",
      message.name,
    );
    must(
      start <= layer.end && layer.end <= limit,
      "a layer's end out of place",
      message.name,
      start,
      layer.end,
      limit,
    );
    const walk = (nodes: readonly Node[]): void => {
      for (const node of nodes) {
        must(start <= node.start && node.start <= node.end, "a field out of place", message.name, node.name);
        must(node.end <= limit, "a field behind the end", message.name, node.name, node.end);
        walk(node.children);
      }
    };
    walk(packet.nodes(layer));
  }
  for (const problem of problems)
    must(0 <= problem.at && problem.at <= end, "a problem out of place", problem);
}

/** What people see: complete, and safe for a terminal. */
function checkShown(packet: Packet, frame: Frame): void {
  for (const { text, start, end } of packetTree(packet)) {
    must(
      safeText(text) === text,
      "a line of the tree that a terminal would take wrongly",
      JSON.stringify(text),
    );
    must(0 <= start && start <= end && end <= packet.end, "a line's bytes out of place", text, start, end);
  }
  const row = rowPrinter()(rowOf(packet, frame));
  must(safeText(row) === row, "a row that a terminal would take wrongly", JSON.stringify(row));
  JSON.parse(packetJson(packet, frame));
  const known = packet.registry.queryFields;
  for (const fact of factsOf(packet)) {
    const { query, type, start, end } = fact;
    const told = known.get(query)?.type;
    must(
      told !== undefined && kindOf(told) === kindOf(type),
      "a fact that queries do not know so",
      query,
      type,
      told,
    );
    must(0 <= start && start <= end && end <= packet.end, "a fact out of place", query, start, end);
    const text = factText(fact);
    must(safeText(text) === text, "a fact that a terminal would take wrongly", query, JSON.stringify(text));
  }
  packetLines(packet, undefined, false);
}

/** The generated parsers may only give up, never differ. */
function checkBothWays({ layers, problems }: Packet, slow: Packet): void {
  for (const [i, layer] of layers.entries()) {
    const other = slow.layers[i];
    if (isDeepStrictEqual(layer, other)) continue;
    const plain = (each: typeof layer | undefined): unknown =>
      each && { ...each, message: each.message.name };
    must(false, `the generated parser of ${layer.message.name} differs`, plain(layer), plain(other));
  }
  must(layers.length === slow.layers.length, "the generated parser misses layers", slow.layers.length);
  must(isDeepStrictEqual(problems, slow.problems), "problems differ both ways", problems, slow.problems);
}

const BEFORE = 7;

/** The frame among other bytes, as in a capture's buffer. */
function amongOthers(bytes: Uint8Array, filling: number): Uint8Array {
  const all = new Uint8Array(BEFORE + bytes.length + 64).fill(filling);
  all.set(bytes, BEFORE);
  return all;
}

/** Bytes around the packet do not matter. */
function checkWithinOthers({ registry, bytes, layers, problems }: Packet, missing: number): void {
  const first = layers[0]!.message;
  for (const filling of [0x01, 0xff]) {
    const [start, stop] = [BEFORE, BEFORE + bytes.length];
    const options = { start, stop, originalLength: bytes.length + missing };
    const other = new Packet(registry, first, amongOthers(bytes, filling), options);
    for (const [i, layer] of layers.entries()) {
      const same = other.layers[i];
      must(
        same !== undefined &&
          same.message === layer.message &&
          same.headerEnd === layer.headerEnd + BEFORE &&
          same.end === layer.end + BEFORE &&
          isDeepStrictEqual(same.values, layer.values),
        `other bytes around the packet change ${layer.message.name}`,
        layer.values,
        same?.values,
      );
    }
    must(other.layers.length === layers.length, "other bytes around the packet add layers");
    const moved = problems.map((each) => ({
      ...each,
      at: each.at + BEFORE,
      ...(each.needs !== undefined && { needs: each.needs + BEFORE }),
    }));
    must(isDeepStrictEqual(other.problems, moved), "other bytes change problems", other.problems, moved);
  }
}

/** Of so many queries one is compiled for the rarer link types. */
const FEW = 8;

export function checkQueries(
  queries: readonly Query[],
  set: QuerySet,
  packet: Packet,
  missing: number,
): number[] {
  const { bytes, registry } = packet;
  const first = packet.layers[0]!.message;
  const frame = frameOf(bytes, missing);
  const all = amongOthers(bytes, 0x01);
  const [start, stop] = [BEFORE, BEFORE + bytes.length];
  const expected: number[] = [];
  const link = registry.numberOf(first);
  // What Query.matches does, with the packet's facts found once.
  const values = new PacketValues(packet, frame);
  const regexes: Regexes = new Map();
  for (const [i, query] of queries.entries()) {
    const slow = evaluateQuery(query.checked, values, regexes);
    if (slow) expected.push(i);
    // Compiling takes long: what starts with anything but Ethernet is asked some of them.
    if (queries.length > FEW && link > 0 && i % FEW !== link % FEW) continue;
    const quick = query.matcher(first)(all, start, stop, frame);
    must(quick === slow, `the compiled query says ${quick}, the thorough one ${slow}`, query.text, bytes);
  }
  const hits = set.match(first, all, start, stop, frame, []);
  must(
    isDeepStrictEqual(hits, expected),
    "the set of queries differs",
    hits,
    expected,
    ...namesOf(hits, expected, queries),
  );
  return expected;
}

function namesOf(hits: readonly number[], expected: readonly number[], queries: readonly Query[]): string[] {
  const different = queries.filter((_, i) => hits.includes(i) !== expected.includes(i));
  return different.map(({ text }) => text);
}

/** The protocols, what is wrong, and how often lists and texts were there, roughly. */
function outcomeOf({ layers, problems }: Packet): string {
  const stack = layers.map(({ message, values, whole }) => {
    const names = Object.keys(values).filter((name) => values[name] !== undefined).length;
    return `${message.name}${whole ? "" : `!${names}`}`;
  });
  const wrong = problems.slice(0, 4).map(({ error }) => error.replaceAll(/\d+/g, "0"));
  return `${stack.slice(0, 12).join(" ")} | ${wrong.join(", ")}`;
}

/** Layers that lead to each other, with random values. */
function makeFrame(registry: Registry, random: Random): Uint8Array | undefined {
  const links = [...registry.table("linktype")];
  const [linkType, number] = links[random.below(links.length)]!;
  const missing = random.below(6) === 0 ? random.below(64) : 0;
  if (random.below(8) === 0) return inputOf(linkType, missing, randomBytes(random, random.below(200)));
  const layers: GivenLayer[] = [];
  let message: Message | undefined = registry.messages[number]!;
  for (let depth = 0; message && depth < 7; depth++) {
    layers.push({ message, given: randomGiven(message, random) });
    const following: Message[] = message.next.flatMap(({ table }) =>
      [...registry.table(table).values()].map((each) => registry.messages[each]!),
    );
    message = following[random.below(Math.max(1, following.length))];
  }
  const payload = randomBytes(random, random.below(40));
  try {
    return inputOf(linkType, missing, build(registry, layers, payload));
  } catch {
    // Random values do not always fit together.
    return undefined;
  }
}
