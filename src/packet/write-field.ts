import { byteOffset, namesIn } from "#packet/expression.ts";
import { ADDRESS_BYTES, addressBytes, textBytes } from "#packet/primitive.ts";
import type { Sink } from "#packet/sink.ts";
import type { AddressSpec, BytesSpec, ChooseSpec, ListSpec, Spec, UintSpec } from "#packet/spec.ts";
import { writeStruct, type GivenValues, type Writing } from "#packet/write.ts";
import { putIpv4, putMac } from "#packet/write-address.ts";
import { whileWriting } from "#packet/write-expression.ts";
import { flagReader, numberReader, putInteger, putLong } from "#packet/write-number.ts";

/** Writes a field's value; undefined is what was not given. Throws TypeError for what the field at `path` cannot hold. */
export type SpecWriter = (sink: Sink, value: unknown, writing: Writing, path: string) => void;

/** What writes a field, worked out once. */
export function writerOf(spec: Spec): SpecWriter {
  switch (spec.kind) {
    case "uint":
      return uintWriter(spec);
    case "flags": {
      const read = flagReader(spec);
      const size = spec.bits / 8;
      return (sink, value, _writing, path) => {
        const at = sink.extend(size);
        putInteger(sink.raw, at, size, read(value, path), spec.little);
      };
    }
    case "address":
      return addressWriter(spec);
    case "bytes":
      return bytesWriter(spec);
    case "struct":
      return (sink, value, { context }) =>
        writeStruct(sink, spec.message, (value ?? {}) as GivenValues, context);
    case "when": {
      const isThere = whileWriting(spec.condition);
      const write = writerOf(spec.field);
      return (sink, value, writing, path) => {
        if (value !== undefined || isThere(writing) !== 0) write(sink, value, writing, path);
      };
    }
    case "list":
      return listWriter(spec);
    case "choose":
      return choiceWriter(spec);
    case "codec":
      return (sink, value, { context }) => {
        const offset = sink.length - context.layerStart;
        sink.append(spec.codec.write(value ?? spec.codec.initial, offset, context.codecState));
      };
  }
}

function uintWriter(spec: UintSpec): SpecWriter {
  const { initial, little } = spec;
  const size = spec.bits / 8;
  if (spec.bits > 48)
    return (sink, value) => {
      const at = sink.extend(size);
      putLong(sink.raw, at, size, little, value ?? initial);
    };
  const read = numberReader(spec);
  return (sink, value, _writing, path) => {
    const at = sink.extend(size);
    putInteger(sink.raw, at, size, read(value ?? initial, path), little);
  };
}

function addressWriter({ family, initial }: AddressSpec): SpecWriter {
  const size = ADDRESS_BYTES[family];
  const preset = addressBytes(family, initial) ?? new Uint8Array(size);
  const quickly = family === "ipv4" ? putIpv4 : family === "mac" ? putMac : undefined;
  return (sink, value, _writing, path) => {
    if (value === undefined) return sink.append(preset);
    if (typeof value === "string" && quickly) {
      const at = sink.extend(size);
      if (quickly(sink.raw, at, value)) return;
      sink.length = at;
    }
    const bytes = typeof value === "string" ? addressBytes(family, value) : undefined;
    if (!bytes) throw new TypeError(`${path}: ${String(value)} is no ${family} address`);
    sink.append(bytes);
  };
}

function bytesWriter({ length, align }: BytesSpec): SpecWriter {
  const least = length?.type === "number" ? length.value : 0;
  return (sink, value, { start }, path) => {
    const bytes = typeof value === "string" ? textBytes(value) : value;
    if (bytes !== undefined && !(bytes instanceof Uint8Array)) throw new TypeError(`${path} takes bytes`);
    if (bytes) sink.append(bytes);
    const missing = least - (bytes?.length ?? 0);
    if (missing > 0) sink.extend(missing);
    if (align && value === undefined) sink.extend((align - ((sink.length - start) % align)) % align);
  };
}

function listWriter({ item }: ListSpec): SpecWriter {
  const write = writerOf(item);
  return (sink, value, writing, path) => {
    if (value === undefined || value === null) return;
    if (!Array.isArray(value) && !(value instanceof Uint8Array)) throw new TypeError(`${path} takes a list`);
    let i = 0;
    for (const each of value as Iterable<unknown>) write(sink, each, writing, `${path}.${i++}`);
  };
}

function choiceWriter(spec: ChooseSpec): SpecWriter {
  const on = whileWriting(spec.on);
  // Made when they are first needed: some choices have a hundred cases.
  const writers = new Map<Spec, SpecWriter>();
  const write: SpecWriter = (sink, value, writing, path) => {
    const chosen = fitting(value) ?? spec.cases.get(on(writing)) ?? spec.otherwise;
    // Bytes in the place of a structure are what could not be read as one.
    const isRaw = value instanceof Uint8Array && chosen.kind !== "bytes";
    const used = isRaw ? spec.otherwise : chosen;
    let writer = writers.get(used);
    if (!writer) writers.set(used, (writer = writerOf(used)));
    writer(sink, value, writing, path);
  };
  const fitting = fittingCase(spec);
  return write;
}

/** Where the choice looks ahead at bytes that are still to be written, the value says what it is. */
function fittingCase({ on, cases }: ChooseSpec): (value: unknown) => Spec | undefined {
  const looksAhead = [...namesIn(on)].some((name) => byteOffset(name) !== undefined);
  if (!looksAhead) return () => undefined;
  const fixed = [...cases.values()].flatMap((spec) => {
    if (spec.kind !== "struct") return [];
    const { members } = spec.message;
    const names = new Set(members.map(({ name }) => name));
    const own = members.flatMap(({ name, spec: each }) =>
      each.kind === "uint" && each.fixed ? [{ name, initial: each.initial }] : [],
    );
    return own.length > 0 ? [{ spec, names, own }] : [];
  });
  return (value) => {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return undefined;
    const given = value as GivenValues;
    return fixed.find(
      ({ names, own }) =>
        Object.keys(given).every((name) => names.has(name)) &&
        own.every(({ name, initial }) => given[name] === initial),
    )?.spec;
  };
}
