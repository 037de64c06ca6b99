import { Packet } from "#packet/dissect.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { QuerySet } from "#packet/query/query-set.ts";
import { Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { queryOf } from "#packet-tools/queries.ts";
import { OperatorError } from "#base/operator-error.ts";
import { standardRegistry } from "#wire/registry.ts";
import { storedInputs } from "./corpus.ts";
import { checkQueries, frameIn } from "./packets.ts";
import { makeQuery } from "./query-grammar.ts";
import { hashOf, must, type Target } from "./target.ts";

/** Packets that one query is asked. */
const ASKED = 6;
const RARELY = 8;

/** Texts of queries: refused with a place, or answered alike by the compiled and the thorough way. */
export function queryTarget(): Target {
  const registry = standardRegistry();
  const fields = [...registry.queryFields.values()];
  let packets: Samples | undefined;
  return {
    name: "query",
    longest: 2_048,
    make: (random) => new TextEncoder().encode(makeQuery(random, fields)),
    run(input) {
      const text = textOf(input);
      packets ??= samplePackets(registry);
      let query: Query;
      try {
        query = new Query(registry, text);
      } catch (error) {
        return checkRefusal(registry, text, error);
      }
      queryOf(registry, [text]);
      // The other query makes the set's tables more than trivial.
      const set = new QuerySet(registry, [query, new Query(registry, "ip.ttl == 64 or udp.port == 53")]);
      const from = hashOf(input);
      const hits: number[] = [];
      for (let i = 0; i < ASKED; i++) {
        // Compiling takes long, so that other link types are seldom asked.
        const some = i === 0 && from % RARELY === 0 ? packets.others : packets.ethernet;
        const { packet, missing } = some[(from + i * 7) % some.length]!;
        hits.push(checkQueries(set.queries, set, packet, missing).includes(0) ? 1 : 0);
      }
      return `${skeleton(query.checked)} ${hits.some((each) => each === 1)}`;
    },
  };
}

function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input);
}

function checkRefusal(registry: Registry, text: string, error: unknown): string {
  if (!(error instanceof QueryError)) throw error;
  const { at, length, message, remedy } = error;
  must(
    Number.isInteger(at) && at >= 0 && at <= text.length,
    "a mistake outside of the query",
    at,
    length,
    message,
  );
  // The end of the text is a place of one character behind it.
  const isInside = length >= 1 && at + length <= Math.max(text.length, at + 1);
  must(isInside, "a mistake that reaches out of the query", at, length, message);
  const explained = error.explain(text);
  must(
    explained.startsWith(text) && explained.includes(message),
    "an explanation without the mistake",
    explained,
  );
  try {
    queryOf(registry, [text]);
    must(text.trim() === "", "a wrong query that the tools take");
  } catch (again) {
    if (!(again instanceof OperatorError)) throw again;
  }
  return `refused: ${message.replaceAll(/"[^]*"|\d+/g, "")} ${remedy === "" ? "" : "remedy"}`;
}

/** The kinds of tests and operands that a query is made of. */
function skeleton(checked: unknown): string {
  const kinds = new Set<string>();
  JSON.stringify(checked, (key, value: unknown) => {
    if (key === "field") {
      const { type, indirect } = value as { type: string; indirect: boolean };
      kinds.add(`${type}${indirect ? "*" : ""}`);
      return undefined;
    }
    if (typeof value === "bigint") return String(value);
    if (typeof value === "object" && value !== null && "type" in value) {
      const { comparison = "", operator = "", name = "" } = value as Record<string, string>;
      kinds.add(`${String(value.type)}${comparison}${operator}${name}`);
    }
    return value;
  });
  return [...kinds].sort().slice(0, 8).join(" ");
}

interface Samples {
  readonly ethernet: readonly Sample[];
  readonly others: readonly Sample[];
}

interface Sample {
  readonly packet: Packet;
  /** Bytes that were not captured. */
  readonly missing: number;
}

const MOST_SAMPLES = 60;

/** Packets of the corpus, each of its own kind, some cut. */
function samplePackets(registry: Registry): Samples {
  const inputs = storedInputs("corpus", "packets");
  const step = Math.max(1, Math.floor(inputs.length / MOST_SAMPLES));
  const samples = inputs
    .filter((_, i) => i % step === 0)
    .map((input, i): Sample => {
      const { first, bytes, missing } = frameIn(registry, input);
      const kept = i % 5 === 4 ? bytes.slice(0, Math.floor(bytes.length * 0.7)) : bytes;
      const gone = missing + bytes.length - kept.length;
      return {
        packet: new Packet(registry, first, kept, { originalLength: kept.length + gone }),
        missing: gone,
      };
    });
  const ethernet = registry.find("linktype", 1);
  const isEthernet = ({ packet }: Sample): boolean => packet.layers[0]!.message === ethernet;
  return { ethernet: samples.filter(isEthernet), others: samples.filter((each) => !isEthernet(each)) };
}
