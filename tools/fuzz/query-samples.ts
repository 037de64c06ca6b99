import { seededRandom } from "#base/random.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf, type PacketFact } from "#packet/facts.ts";
import { query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { storedInputs } from "./corpus.ts";
import { mutate } from "./mutate.ts";
import { frameIn } from "./packets.ts";

export interface Sample {
  readonly packet: Packet;
  /** Bytes that were not captured. */
  readonly missing: number;
}

const MOST_VALUES = 12;
const LONGEST_VALUE = 60;

/** The packets of the corpus, some cut, and what can be asked about them. */
export class QuerySamples {
  readonly #ethernet: Sample[] = [];
  readonly #others: Sample[] = [];
  /** Packets from Ethernet by the names of what they hold. */
  readonly #holders = new Map<string, Sample[]>();
  /** Values that occur, as queries write them. */
  readonly values = new Map<string, string[]>();

  constructor(registry: Registry) {
    const ethernet = registry.find("linktype", 1);
    for (const [i, input] of storedInputs("corpus", "packets").entries()) {
      const { first, bytes, missing } = frameIn(registry, input);
      const kept = i % 5 === 4 ? bytes.slice(0, Math.floor(bytes.length * 0.7)) : bytes;
      const gone = missing + bytes.length - kept.length;
      const options = { originalLength: kept.length + gone };
      const sample = { packet: new Packet(registry, first, kept, options), missing: gone };
      for (const fact of factsOf(sample.packet)) {
        this.#noteValue(fact);
        if (first === ethernet) this.#noteHolder(fact.query, sample);
      }
      (first === ethernet ? this.#ethernet : this.#others).push(sample);
    }
  }

  #noteHolder(name: string, sample: Sample): void {
    const holders = this.#holders.get(name) ?? [];
    if (holders.at(-1) !== sample) holders.push(sample);
    this.#holders.set(name, holders);
  }

  #noteValue(fact: PacketFact): void {
    const known = this.values.get(fact.query) ?? [];
    this.values.set(fact.query, known);
    if (known.length >= MOST_VALUES) return;
    const text = literalOf(fact);
    if (text !== undefined && text.length <= LONGEST_VALUE && !known.includes(text)) known.push(text);
  }

  /** Some packets to ask, the same ones for the same number: those that hold what is named, and others. */
  asked(names: readonly string[], number: number): Sample[] {
    const asked: Sample[] = [];
    const add = (from: readonly Sample[], i: number): void => {
      const sample = from[(number + i) % from.length];
      if (sample && !asked.includes(sample)) asked.push(sample);
    };
    for (const [i, name] of names.slice(0, 4).entries()) {
      const holders = this.#holders.get(name) ?? [];
      add(holders, i);
      add(holders, i + 7);
    }
    for (const sample of asked.slice(0, MOST_CHANGED)) asked.push(...changed(sample, number));
    for (const i of [0, 31, 77]) add(this.#ethernet, i);
    // Compiling takes long, so that other link types are seldom asked.
    if (number % RARELY === 0) add(this.#others, number >>> 8);
    return asked;
  }
}

const RARELY = 8;
const MOST_CHANGED = 3;
const CHANGES = 8;

/** Once a query is compiled, asking broken packets too costs little. */
function changed({ packet, missing }: Sample, number: number): Sample[] {
  const { registry, bytes, layers } = packet;
  const random = seededRandom(number);
  return Array.from({ length: CHANGES }, () => {
    const broken = mutate(bytes, random, [bytes], LONGEST_PACKET);
    const originalLength = broken.length + missing;
    return { packet: new Packet(registry, layers[0]!.message, broken, { originalLength }), missing };
  });
}

const LONGEST_PACKET = 1_500;

function literalOf({ type, value }: PacketFact): string | undefined {
  if (value === undefined || (value instanceof Uint8Array && value.length === 0)) return undefined;
  if (typeof value === "string" && type !== "text") return value;
  return query`${value instanceof Uint8Array ? value.subarray(0, 6) : value}`;
}
