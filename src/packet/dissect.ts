import { checksumOf, pseudoHeaderSum } from "#packet/checksum.ts";
import { evaluate } from "#packet/expression.ts";
import type { LayerPlace } from "#packet/layer-parser.ts";
import type { Fields, Message, Values } from "#packet/message.ts";
import type { Problem } from "#packet/problem.ts";
import { byteNamed, readFields, scopeValue, type Node, type Reading } from "#packet/read.ts";
import type { Registry } from "#packet/registry.ts";
import type { ChecksumSpec } from "#packet/spec.ts";

/** One protocol's part of a packet. Offsets are positions in the packet's bytes. */
export interface Layer {
  readonly message: Message;
  readonly start: number;
  /** Where its payload starts. */
  readonly headerEnd: number;
  /** Where its payload ends; bytes from there to `limit` are what the layer below carries after it. */
  readonly end: number;
  readonly limit: number;
  readonly values: Readonly<Record<string, unknown>>;
  /** Every field was there. */
  readonly whole: boolean;
  /** It quotes the start of another packet. */
  readonly quoted: boolean;
}

export interface PacketOptions {
  /** Range of the packet in `bytes`; absent: all of them. */
  readonly start?: number;
  readonly stop?: number;
  /** Bytes on the wire, when the capture kept fewer. */
  readonly originalLength?: number;
}

/**
 * A packet taken apart, as far as anybody asked: a layer is parsed when it, or one above it, is first needed. Nothing
 * throws: of a wrong or cut packet there are the layers that were whole, what was there of the next, and `problems`.
 */
export class Packet {
  readonly registry: Registry;
  readonly bytes: Uint8Array;
  readonly start: number;
  /** End of what was captured, and of what was on the wire. */
  readonly captured: number;
  readonly end: number;
  readonly #layers: Layer[] = [];
  #problems: Problem[] | undefined;
  /** Where the next layer ends, when the one that carries it does not say so alone; -1 when it does. */
  #stop = -1;
  #next: number;
  #at: number;
  #limit: number;
  #quoted = false;
  /** How many layers lie around the next one. */
  #depth = 0;
  /** Another message of a layer that repeats, for when the inside of this one is read. */
  #again: Again | undefined;

  constructor(registry: Registry, first: Message, bytes: Uint8Array, options: PacketOptions = {}) {
    this.registry = registry;
    this.bytes = bytes;
    this.start = options.start ?? 0;
    this.captured = options.stop ?? bytes.length;
    this.end = Math.max(this.captured, this.start + (options.originalLength ?? 0));
    this.#next = registry.numberOf(first);
    this.#at = this.start;
    this.#limit = this.end;
  }

  /** All layers, outermost first. */
  get layers(): readonly Layer[] {
    while (this.#next >= 0) this.#step();
    return this.#layers;
  }

  /** The first layer of this protocol; layers above it stay unparsed. */
  layer(message: Message): Layer | undefined {
    for (let i = 0; ; i++) {
      if (i === this.#layers.length) {
        if (this.#next < 0) return undefined;
        this.#step();
      }
      const layer = this.#layers[i]!;
      if (layer.message === message) return layer;
    }
  }

  /** The values of the first layer of this protocol. */
  get<F extends Fields>(message: Message<F>): Values<F> | undefined {
    return this.layer(message as unknown as Message)?.values as Values<F> | undefined;
  }

  /** What is wrong, in the order of the layers; checksums are looked at only when this is asked. */
  get problems(): readonly Problem[] {
    const found = this.layers.flatMap((layer, i) => this.#checksumProblems(layer, i));
    return [...(this.#problems ?? []), ...found];
  }

  /** The fields of a layer with their places. */
  nodes(layer: Layer): readonly Node[] {
    return this.#read(layer.message, layer.start, layer.limit, []).nodes;
  }

  #read(message: Message, at: number, limit: number, problems: Problem[]): Reading {
    const context = {
      bytes: this.bytes,
      captured: this.captured,
      layerStart: at,
      layerLimit: limit,
      problems,
    };
    return readFields(context, message, at, limit);
  }

  #step(): void {
    const message = this.registry.messages[this.#next]!;
    const place = PLACE;
    const at = this.#at;
    const limit = this.#limit;
    const quoted = this.#quoted;
    const values = quoted
      ? undefined
      : this.registry.parser(this.#next)(this.bytes, at, limit, this.captured, place);
    let layer: Layer;
    if (values) {
      const { headerEnd, end } = place;
      layer = { message, start: at, headerEnd, end, limit, values, whole: true, quoted };
      this.#next = place.next;
    } else layer = this.#stepThoroughly(message, at, limit);
    this.#layers.push(layer);
    this.#at = layer.headerEnd;
    this.#limit = layer.end;
    if (this.#stop >= 0) {
      this.#limit = Math.min(layer.end, this.#stop);
      this.#stop = -1;
    }
    if (layer.end < limit && layer.end < this.captured && message.repeats)
      this.#again = { number: this.registry.numberOf(message), at: layer.end, limit, depth: this.#depth };
    this.#depth++;
    if (this.#depth >= MOST_LAYERS) this.#next = -1;
    if (this.#next < 0 && this.#again) this.#repeat(this.#again);
  }

  #repeat({ number, at, limit, depth }: Again): void {
    this.#next = number;
    this.#at = at;
    this.#limit = limit;
    this.#depth = depth;
    this.#again = undefined;
  }

  #stepThoroughly(message: Message, at: number, limit: number): Layer {
    const problems: Problem[] = [];
    const reading = this.#read(message, at, limit, problems);
    const quoted = this.#quoted;
    const layer = {
      message,
      start: at,
      headerEnd: reading.end,
      end: limit,
      limit,
      values: reading.values,
      whole: reading.whole && problems.length === 0,
      quoted,
    };
    const thereIs = Math.min(limit, this.captured);
    const scope = (name: string): number =>
      name === "headerSize"
        ? reading.end - at
        : (byteNamed(this.bytes, at, thereIs, name) ??
          scopeValue(reading.values, name, () => limit - reading.end));
    this.#next = -1;
    if (reading.whole || (message.headerSize && reading.end > at && !reading.stopped)) {
      const hinders = ({ kind, needs = Infinity }: Problem): boolean =>
        kind === "malformed" && !(message.mayOverrun && needs <= thereIs);
      let follows = reading.whole || !problems.some(hinders);
      for (const { holds, problem, stopsAfter } of message.checks) {
        if (stopsAfter !== undefined || evaluate(holds, scope) !== 0) continue;
        problems.push({ kind: "malformed", error: `${message.name}: ${problem}`, at });
        layer.whole = follows = false;
      }
      if (message.size && !this.#end(layer, evaluate(message.size, scope), problems))
        layer.whole = follows = false;
      if (follows) this.#follow(layer, scope, reading.whole);
    }
    if (quoted)
      for (const [i, each] of problems.entries())
        if (each.kind === "truncated") problems[i] = { ...each, kind: "cut" };
    this.#problems = [...(this.#problems ?? []), ...problems];
    return layer;
  }

  /** Takes the end that the layer's own length says; false when that lies inside its header. */
  #end(layer: { end: number } & Layer, size: number, problems: Problem[]): boolean {
    const end = layer.start + size;
    const { name } = layer.message;
    if (end < layer.headerEnd) {
      const error = `${name}: a length of ${size}, shorter than the header`;
      problems.push({ kind: "malformed", error, at: layer.start });
      return false;
    }
    if (end <= layer.limit) layer.end = end;
    else if (!layer.quoted) {
      const error = `${name}: a length of ${size} where ${layer.limit - layer.start} bytes are left`;
      problems.push({ kind: "malformed", error, at: layer.start });
    }
    return true;
  }

  #follow(layer: Layer, scope: (name: string) => number, whole: boolean): void {
    if (!whole && layer.message.headerSize === undefined) return;
    if (layer.headerEnd >= Math.min(layer.end, this.captured)) return;
    for (const rule of layer.message.next) {
      if (rule.when && evaluate(rule.when, scope) === 0) continue;
      const found = this.registry.table(rule.table).get(evaluate(rule.key, scope));
      if (found === undefined) continue;
      this.#next = found;
      this.#quoted ||= rule.quoted ?? false;
      if (rule.length) this.#stop = layer.headerEnd + evaluate(rule.length, scope);
      return;
    }
    this.#next = this.registry.numberOf(this.registry.fallback);
  }

  #checksumProblems(layer: Layer, i: number): Problem[] {
    const found: Problem[] = [];
    if (!layer.whole || layer.quoted || layer.end > this.captured) return found;
    if (!layer.message.hasChecksums) return found;
    for (const sum of checksumsIn(this.nodes(layer), layer)) {
      const status = this.#checksumStatus(sum, i);
      const { at } = sum;
      const { name } = sum.holder.message;
      if (status === "bad") found.push({ kind: "checksum", error: `${name}: a bad checksum`, at });
      if (status === "offload")
        found.push({ kind: "offload", error: `${name}: the checksum was left to the hardware`, at });
    }
    return found;
  }

  /** Compares a checksum of layer `i` with what it should be; undefined when there is none. */
  #checksumStatus(
    { holder, spec, value, at, size }: FoundChecksum,
    i: number,
  ): "good" | "bad" | "offload" | undefined {
    if (spec.zeroMeansNone && value === 0) return undefined;
    const scope = (name: string): number => scopeValue(holder.values, name, () => 0);
    if (spec.when && evaluate(spec.when, scope) === 0) return undefined;
    const protocol = this.registry.keyOf("ip.proto", holder.message) ?? 0;
    const sum = spec.pseudo ? pseudoHeaderSum(this.bytes, this.#layers, i, protocol) : 0;
    if (sum === undefined) return undefined;
    const { start, headerEnd } = holder;
    const end = spec.length ? Math.min(start + evaluate(spec.length, scope), holder.end) : holder.end;
    const place = { bytes: this.bytes, start, headerEnd, end };
    if (checksumOf(spec, place, at, size, sum) === value) return "good";
    if (!spec.pseudo) return "bad";
    // Hardware wants the pseudo header's sum alone, not inverted (CHECKSUM_PARTIAL).
    let partial = sum + end - start;
    while (partial > 0xffff) partial = (partial & 0xffff) + (partial >>> 16);
    return partial === value ? "offload" : "bad";
  }
}

interface Again {
  readonly number: number;
  readonly at: number;
  readonly limit: number;
  readonly depth: number;
}

/** What a parser leaves behind, until the layer is made. */
const PLACE: LayerPlace = { headerEnd: 0, end: 0, next: -1 };

/** Tunnels inside tunnels: nobody sends more, and a crafted packet must not make us walk for ever. */
const MOST_LAYERS = 64;

/** A layer, or a structure inside one, that is checked by a checksum of its own. */
interface ChecksumHolder {
  readonly message: Message;
  readonly start: number;
  readonly headerEnd: number;
  readonly end: number;
  readonly values: Readonly<Record<string, unknown>>;
}

interface FoundChecksum {
  readonly holder: ChecksumHolder;
  readonly spec: ChecksumSpec;
  readonly value: number;
  readonly at: number;
  readonly size: number;
}

function checksumsIn(nodes: readonly Node[], holder: ChecksumHolder): FoundChecksum[] {
  return nodes.flatMap(({ spec, value, start, end, children }) => {
    if (spec.kind === "struct") {
      const { message } = spec;
      if (!message.hasChecksums) return [];
      const values = value as ChecksumHolder["values"];
      return checksumsIn(children, { message, start, headerEnd: end, end, values });
    }
    if (spec.kind === "list") return checksumsIn(children, holder);
    if (spec.kind !== "uint" || spec.computed?.type !== "checksum" || typeof value !== "number") return [];
    return [{ holder, spec: spec.computed.checksum, value, at: start, size: end - start }];
  });
}
