import { readName, writeName, labelsOf, queryName } from "#wire/dns-name.ts";
import { MEMBERLIST_LIMITS } from "#wire/memberlist/limits.ts";
import { compress, decompress } from "#wire/memberlist/lzw.ts";
import { MsgpackReader, MsgpackWriter } from "#wire/memberlist/msgpack.ts";
import { must, type Target } from "./target.ts";

const LIMIT = 65_536;

/** Compressed bytes, and bytes to compress. */
export function lzwTarget(): Target {
  return {
    name: "lzw",
    longest: 8_192,
    seeds: () => [
      new Uint8Array(0),
      new Uint8Array(5_000),
      compress(new Uint8Array(5_000)),
      compress(ramp(4_000)),
    ],
    make: (random) =>
      compress(Uint8Array.from({ length: random.below(600) }, () => random.below(1 + random.below(8)))),
    run(input) {
      const packed = compress(input);
      const unpacked = decompress(packed, input.length);
      must(
        unpacked.ok && Buffer.compare(unpacked.bytes, input) === 0,
        "what was compressed comes back differently",
        packed,
      );
      const found = decompress(input, LIMIT);
      if (!found.ok) return found.error.replaceAll(/\d+/g, "0");
      must(found.bytes.length <= LIMIT, "more bytes than the limit", found.bytes.length);
      const again = decompress(compress(found.bytes), found.bytes.length);
      must(
        again.ok && Buffer.compare(again.bytes, found.bytes) === 0,
        "what was decompressed comes back differently",
      );
      const isLimited = found.bytes.length === 0 || !decompress(input, found.bytes.length - 1).ok;
      must(isLimited, "a limit that does not hold");
      return `${found.bytes.length}`;
    },
  };
}

function ramp(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * i) >> 5);
}

/** MessagePack values of any kind: passed over, and read and written again. */
export function msgpackTarget(): Target {
  return {
    name: "msgpack",
    longest: 4_096,
    seeds: () => [
      Uint8Array.of(0x82, 0xa1, 0x61, 0x01, 0xa1, 0x62, 0x93, 0xc0, 0xc3, 0xcb, 1, 2, 3, 4, 5, 6, 7, 8),
    ],
    make: (random) => {
      const writer = new MsgpackWriter();
      const put = (depth: number): void => {
        const size = random.below([4, 20, 300][random.below(3)]!);
        const kind = random.below(depth > 4 ? 4 : 6);
        if (kind === 0) writer.integer((BigInt(random.next()) << BigInt(random.below(32))) - 0x8000_0000n);
        else if (kind === 1) writer.raw(Uint8Array.from({ length: size }, () => random.below(256)));
        else if (kind === 2) writer.float(random.float());
        else if (kind === 3) random.below(2) === 0 ? writer.nil() : writer.boolean(random.below(2) === 0);
        else {
          const items = random.below(5);
          kind === 4 ? writer.array(items) : writer.map(items);
          for (let i = 0; i < items * (kind - 3); i++) put(depth + 1);
        }
      };
      put(0);
      return writer.finish();
    },
    run(input) {
      const skipper = new MsgpackReader(input, 0, input.length, MEMBERLIST_LIMITS);
      skipper.skip();
      must(skipper.at <= input.length, "passed over the end", skipper.at);
      const reader = new MsgpackReader(input, 0, input.length, MEMBERLIST_LIMITS);
      const writer = new MsgpackWriter();
      const kinds = new Set<string>();
      copyValue(reader, writer, kinds);
      const { problem } = reader;
      if (problem) {
        must(problem.at >= 0 && problem.at <= input.length, "a problem out of place", problem);
        return `${problem.error.replaceAll(/0x\w+|\d+/g, "0")} ${problem.truncated}`;
      }
      if (skipper.problem === undefined)
        must(reader.at === skipper.at, "reading ends elsewhere", reader.at, skipper.at);
      const bytes = writer.finish();
      const again = new MsgpackWriter();
      copyValue(new MsgpackReader(bytes, 0, bytes.length, MEMBERLIST_LIMITS), again, kinds);
      must(Buffer.compare(again.finish(), bytes) === 0, "what is written is read differently", bytes);
      return [...kinds].sort().join(" ");
    },
  };
}

const DEEPEST = 64;

/** Reads whatever comes and writes it; kinds that only Go's old format lacks are refused by the reader. */
function copyValue(reader: MsgpackReader, writer: MsgpackWriter, kinds: Set<string>, depth = 0): void {
  if (reader.problem) return;
  const head = reader.bytes[reader.at] ?? 0;
  if (depth > DEEPEST) {
    reader.fail("too deep", reader.at);
    return;
  }
  if (reader.nil()) writer.nil();
  else if (head === 0xc2 || head === 0xc3) writer.boolean(reader.boolean());
  else if (head === 0xca || head === 0xcb) writer.float(reader.float());
  else if (reader.isArray()) {
    const items = reader.array();
    kinds.add("array");
    if (!reader.problem) writer.array(items);
    for (let i = 0; i < items && !reader.problem; i++) copyValue(reader, writer, kinds, depth + 1);
  } else if ((head & 0xf0) === 0x80 || head === 0xde || head === 0xdf) {
    const items = reader.map();
    kinds.add("map");
    if (!reader.problem) writer.map(items);
    for (let i = 0; i < 2 * items && !reader.problem; i++) copyValue(reader, writer, kinds, depth + 1);
  } else if (head <= 0x7f || head >= 0xe0 || (head >= 0xcc && head <= 0xd3))
    writer.integer(reader.bigint(-(2n ** 63n), 2n ** 64n - 1n));
  else writer.raw(reader.raw());
  kinds.add(`x${head.toString(16)}`);
}

/** Names anywhere in a DNS message. The first two bytes are where the name starts and where its message does. */
export function dnsNameTarget(): Target {
  return {
    name: "dns-name",
    longest: 1_024,
    seeds: () => [
      Uint8Array.of(
        0,
        0,
        3,
        0x77,
        0x77,
        0x77,
        7,
        0x65,
        0x78,
        0x61,
        0x6d,
        0x70,
        0x6c,
        0x65,
        0,
        1,
        0x61,
        0xc0,
        0,
      ),
      Uint8Array.of(4, 1, 0, 1, 0x2e, 0, 0xc0, 1, 2, 0x5c, 0xff, 0xc0, 1),
      Uint8Array.of(0, 0, 0),
    ],
    run(input) {
      const bytes = input.subarray(2);
      const start = Math.min(input[1] ?? 0, bytes.length);
      const at = Math.min(start + (input[0] ?? 0), bytes.length);
      const found = readName(bytes, at, bytes.length, start);
      if ("error" in found) {
        must(found.at >= 0 && found.at <= bytes.length, "an error out of place", found);
        return found.error.replaceAll(/\d+/g, "0");
      }
      const { value, next } = found;
      must(next > at && next <= bytes.length, "a name's end out of place", next);
      const written = writeName(value, at - start, new Map());
      const read = bytes.subarray(at, next);
      must(Buffer.compare(written, read) === 0, "a name is written differently", written, read, value);
      const labels = labelsOf(value.text);
      const plain = writeName(value.text, 0, new Map());
      const again = readName(plain, 0, plain.length, 0);
      must(
        "value" in again && again.value.text === value.text,
        "a name's text is read differently",
        value.text,
      );
      must(queryName(value).length > 0, "a name without a text for queries");
      return `${labels.length} ${value.own ?? ""} ${value.pointer === undefined ? "" : "p"} ${value.text.includes("\\") ? "\\" : ""}`;
    },
  };
}
