import { readFileSync } from "node:fs";
import { Packet } from "#packet/dissect.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { evaluateQuery, PacketValues } from "#packet/query/evaluate.ts";
import { Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { CaptureFrame } from "#packet-tools/capture-source.ts";
import { firstOf } from "#packet-tools/queries.ts";
import { isOurNetworks } from "./compare.ts";

/** The numbers of the packets that a query selects: by the compiled way and by the thorough one. */
export interface Selection {
  readonly quick: readonly number[];
  readonly slow: readonly number[];
}

export interface Selections {
  readonly byQuery: ReadonlyMap<string, Selection>;
  /** Packets of Parley's own networks. */
  readonly ours: ReadonlySet<number>;
}

/** Asks all queries of a capture, reading each packet once. */
export function selectAll(registry: Registry, file: string, texts: readonly string[]): Selections {
  const asked = texts.map((text) => ({
    query: new Query(registry, text),
    quick: [] as number[],
    slow: [] as number[],
  }));
  const ours = new Set<number>();
  const reader = new CaptureReader();
  reader.push(readFileSync(file));
  reader.end();
  const frame = new CaptureFrame(reader);
  while (reader.next()) {
    frame.follow();
    const { bytes, start, stop } = reader;
    const first = firstOf(registry, reader.linkType);
    const packet = new Packet(registry, first, bytes, { start, stop, originalLength: frame.length });
    const values = new PacketValues(packet, frame);
    for (const { query, quick, slow } of asked) {
      if (query.matcher(first)(bytes, start, stop, frame)) quick.push(frame.number);
      if (evaluateQuery(query.checked, values, new Map())) slow.push(frame.number);
    }
    if (isOurNetworks(packet)) ours.add(frame.number);
    frame.leave();
  }
  return { byQuery: new Map(asked.map(({ query, quick, slow }) => [query.text, { quick, slow }])), ours };
}

/** What one query selects. */
export function selectedNumbers(registry: Registry, file: string, text: string): Selection {
  return selectAll(registry, file, [text]).byQuery.get(text)!;
}
