import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Cipher } from "#base/cipher.ts";
import { Envelope } from "#membership/envelope.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { StreamReader, type StreamRead } from "#membership/stream-reader.ts";
import { systemCipher } from "#system/cipher.ts";
import { budgetOf } from "#wire/memberlist/format.ts";
import { MEMBERLIST_LIMITS } from "#wire/memberlist/limits.ts";
import { decodePacket, encodeMessage, PACKET_MESSAGES } from "#wire/memberlist/packet.ts";
import { decodeStreamMessage, encodeStreamMessage } from "#wire/memberlist/stream.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { withCrc, withoutCrc } from "#wire/memberlist/wrapping.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Tcp } from "#wire/tcp.ts";
import { packetsOf } from "../../test/interop/tshark/compare.ts";

const FILES = globSync(fileURLToPath(new URL("../../test/captures/membership/*.pcap", import.meta.url)));
const KEY = bytesOf("000102030405060708090a0b0c0d0e0f");
const registry = standardRegistry();

interface Capture {
  readonly name: string;
  readonly envelope: Envelope;
  readonly packets: readonly Uint8Array[];
  /** Segments of each direction of each connection. */
  readonly streams: ReadonlyMap<string, { readonly labelled: boolean; readonly segments: Uint8Array[] }>;
}

function settingsOf(name: string, cipher: Cipher = systemCipher): Envelope {
  const keys = name.includes("enc") ? [KEY] : [];
  const label = name.includes("label") ? "blue" : "";
  const protocol = name === "encv0" ? 1 : 2;
  return new Envelope({ keys, label, acceptPlain: false, sendPlain: false, protocol }, cipher);
}

function capture(file: string): Capture {
  const name = basename(file, ".pcap");
  const packets: Uint8Array[] = [];
  const streams = new Map<string, { labelled: boolean; segments: Uint8Array[] }>();
  for (const packet of packetsOf(registry, file)) {
    const first = packet.layers.find(({ message }) => message.protocol === "memberlist");
    // Segments without data; nothing else is left out.
    if (!first) {
      assert.equal(packet.layers.at(-1)?.message.protocol, "tcp", name);
      continue;
    }
    const bytes = packet.bytes.slice(first.start, first.limit);
    if (first.message.name === "memberlist") {
      packets.push(bytes);
      continue;
    }
    const { sourcePort, destinationPort } = packet.get(Tcp)!;
    const key = `${sourcePort} ${destinationPort} ${packet.bytes.slice(26, 34).join(".")}`;
    const stream = streams.get(key) ?? { labelled: destinationPort === 7946, segments: [] };
    stream.segments.push(bytes);
    streams.set(key, stream);
  }
  return { name, envelope: settingsOf(name), packets, streams };
}

const CAPTURES = FILES.map(capture);

/** The same settings, and a nonce of theirs. */
function withNonce(name: string, nonce: Uint8Array): Envelope {
  return settingsOf(name, { ...systemCipher, random: () => nonce });
}

/** A packet taken apart to its messages, and put together again from them. */
function rewritten({ name, envelope }: Capture, packet: Uint8Array): Uint8Array {
  const opened = envelope.openPacket(packet);
  assert.ok(opened.ok, name);
  const inside = withoutCrc(opened.value);
  assert.ok(inside.ok, name);
  const { messages, problems } = decodePacket(inside.value);
  assert.deepEqual(problems, [], name);
  assert.ok(messages.length > 0 && messages.every(({ problem }) => problem === undefined), name);
  const message = PACKET_MESSAGES.decode(inside.value, budgetOf(MEMBERLIST_LIMITS));
  const plain = encodeMessage(message);
  const start = name.includes("label") ? 6 : 0;
  const checked = inside.value === opened.value ? plain : withCrc(plain);
  return withNonce(name, packet.subarray(start + 1, start + 13)).sealPacket(checked);
}

test("every captured packet opens, and what we write of what it says is the same, byte for byte", () => {
  assert.equal(CAPTURES.length, 10);
  const counts = new Map<string, number>();
  for (const each of CAPTURES) {
    for (const packet of each.packets) assert.deepEqual(Uint8Array.from(rewritten(each, packet)), packet);
    counts.set(each.name, each.packets.length);
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  assert.ok(all > 1_000 && Math.min(...counts.values()) > 50, JSON.stringify([...counts]));
});

/** One direction of a stream, taken apart and put together again. */
function rewrittenStream({ name, envelope }: Capture, labelled: boolean, whole: Uint8Array): Uint8Array {
  const label = labelled ? envelope.checkLabel(whole) : undefined;
  assert.ok(label?.ok !== false, name);
  let inner = whole.subarray(label?.end ?? 0);
  let nonce: Uint8Array = new Uint8Array(12);
  const outer = decodeStreamMessage(inner);
  assert.ok(outer.ok, name);
  if (outer.value.type === "encrypt") {
    const opened = envelope.openStream(outer.value.body);
    assert.ok(opened.ok, name);
    inner = opened.value;
    nonce = outer.value.body.nonce;
  }
  const found = decodeStreamMessage(inner);
  assert.ok(found.ok && found.end === inner.length && found.value.problem === undefined, name);
  return withNonce(name, nonce).sealStream(encodeStreamMessage(found.value), labelled);
}

test("every captured stream is written again byte for byte", () => {
  let count = 0;
  for (const each of CAPTURES)
    for (const { labelled, segments } of each.streams.values()) {
      const whole = Uint8Array.from(segments.flatMap((segment) => [...segment]));
      assert.deepEqual(Uint8Array.from(rewrittenStream(each, labelled, whole)), whole, each.name);
      count++;
    }
  assert.ok(count > 70, `${count}`);
});

function readAll(reader: StreamReader, pieces: readonly Uint8Array[]): StreamRead {
  let read: StreamRead = { state: "more" };
  for (const piece of pieces) {
    assert.equal(read.state, "more");
    read = reader.read(piece);
  }
  return read;
}

test("every captured stream is read, however it is cut", () => {
  const types = new Map<string, number>();
  for (const { name, envelope, streams } of CAPTURES)
    for (const { labelled, segments } of streams.values()) {
      const whole = Uint8Array.from(segments.flatMap((segment) => [...segment]));
      const bytewise = [...whole].map((byte) => Uint8Array.of(byte));
      for (const pieces of [segments, [whole], bytewise]) {
        const reader = new StreamReader(envelope, DEFAULT_MEMBERSHIP_LIMITS, labelled);
        const read = readAll(reader, pieces);
        assert.ok(read.state === "message", `${name}: ${JSON.stringify(read)}`);
        types.set(read.message.type, (types.get(read.message.type) ?? 0) + 1);
      }
    }
  assert.ok(types.get("pushPull")! > 30 && types.get("user")! > 0, JSON.stringify([...types]));
});
