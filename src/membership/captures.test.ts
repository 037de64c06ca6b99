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
import { decodePacket, encodeMessage } from "#wire/memberlist/packet.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { withoutCrc } from "#wire/memberlist/wrapping.ts";
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
    if (!first) continue;
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

test("every captured packet opens, and what it says is written as it was", () => {
  assert.equal(CAPTURES.length, 10);
  let count = 0;
  for (const { name, envelope, packets } of CAPTURES)
    for (const packet of packets) {
      const opened = envelope.openPacket(packet);
      assert.ok(opened.ok, name);
      const inside = withoutCrc(opened.value);
      assert.ok(inside.ok, name);
      const { messages, problems } = decodePacket(inside.value);
      assert.deepEqual(problems, [], name);
      assert.ok(messages.every(({ problem }) => problem === undefined));
      if (messages.length === 1 && inside.value[0]! < 7)
        assert.deepEqual(encodeMessage(messages[0]!), Uint8Array.from(inside.value));
      count++;
    }
  assert.ok(count > 1_000, `${count}`);
});

test("what we seal is byte for byte what they sealed, given their nonce", () => {
  let count = 0;
  for (const { name, envelope, packets } of CAPTURES.filter(({ name: each }) => each.includes("enc")))
    for (const packet of packets) {
      const opened = envelope.openPacket(packet);
      assert.ok(opened.ok);
      const start = name.includes("label") ? 6 : 0;
      const nonce = packet.subarray(start + 1, start + 13);
      const theirs = settingsOf(name, { ...systemCipher, random: () => nonce });
      assert.deepEqual(Uint8Array.from(theirs.sealPacket(opened.value)), packet);
      count++;
    }
  assert.ok(count > 300, `${count}`);
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
