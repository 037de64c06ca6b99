import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Envelope } from "#membership/envelope.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { hexText } from "#packet/primitive.ts";
import { isPlausible } from "#membership/serf/vivaldi.ts";
import { StreamReader } from "#membership/stream-reader.ts";
import { systemCipher } from "#system/cipher.ts";
import { decodePacket, type GossipMessage } from "#wire/memberlist/packet.ts";
import {
  decodeCoordinate,
  decodeSerf,
  decodeSerfState,
  decodeTags,
  encodeCoordinate,
  encodeSerf,
  encodeTags,
} from "#wire/memberlist/serf.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { withoutCrc } from "#wire/memberlist/wrapping.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Tcp } from "#wire/tcp.ts";
import { packetsOf } from "../../../test/interop/tshark/compare.ts";

const FOLDER = new URL("../../../test/captures/membership/serf-*.pcap", import.meta.url);
const FILES = globSync(fileURLToPath(FOLDER));
const KEY = bytesOf("000102030405060708090a0b0c0d0e0f");
const registry = standardRegistry();

/** What Serf's layers said in a capture. */
interface Said {
  readonly payloads: Uint8Array[];
  readonly metas: Uint8Array[];
  readonly acks: Uint8Array[];
  readonly states: Uint8Array[];
}

function capture(file: string): Said {
  const keys = basename(file).includes("enc") ? [KEY] : [];
  const settings = { keys, label: "", acceptPlain: false, sendPlain: false, protocol: 2 };
  const envelope = new Envelope(settings, systemCipher);
  const said: Said = { payloads: [], metas: [], acks: [], states: [] };
  const streams = new Map<string, StreamReader>();
  for (const packet of packetsOf(registry, file)) {
    const layer = packet.layers.find(({ message }) => message.protocol === "memberlist");
    if (!layer) continue;
    const bytes = packet.bytes.slice(layer.start, layer.limit);
    if (layer.message.name === "memberlist") {
      const opened = envelope.openPacket(bytes);
      assert.ok(opened.ok);
      const inside = withoutCrc(opened.value);
      assert.ok(inside.ok);
      for (const message of decodePacket(inside.value).messages) take(message, said);
      continue;
    }
    const { sourcePort, destinationPort } = packet.get(Tcp)!;
    const key = `${sourcePort} ${destinationPort} ${packet.bytes.slice(26, 34).join(".")}`;
    const reader = streams.get(key) ?? new StreamReader(envelope, DEFAULT_MEMBERSHIP_LIMITS, false);
    streams.set(key, reader);
    const read = reader.read(bytes);
    if (read.state !== "message" || read.message.type !== "pushPull") continue;
    said.states.push(read.message.body.userState);
    for (const { meta } of read.message.body.states) if (meta) said.metas.push(meta);
  }
  return said;
}

function take(message: GossipMessage, said: Said): void {
  if (message.type === "user") said.payloads.push(message.body.payload);
  else if (message.type === "alive" && message.body.meta) said.metas.push(message.body.meta);
  else if (message.type === "ack" && message.body.payload) said.acks.push(message.body.payload);
}

test("all that captured Serf nodes say is read, and written byte for byte as it was", () => {
  assert.equal(FILES.length, 2);
  const types = new Map<string, number>();
  const same = (type: string, written: Uint8Array, captured: Uint8Array): void => {
    assert.equal(hexText(written), hexText(captured), type);
    types.set(type, (types.get(type) ?? 0) + 1);
  };
  for (const { payloads, metas, acks, states } of FILES.map(capture)) {
    for (const payload of payloads) {
      const message = decodeSerf(payload);
      assert.ok(message, hexText(payload));
      same(message.type, encodeSerf(message), payload);
    }
    for (const meta of metas) same("tags", encodeTags(decodeTags(meta)!), meta);
    for (const ack of acks) {
      const { vector = [], ...rest } = decodeCoordinate(ack)!;
      assert.ok(isPlausible({ vector, ...rest }));
      same("coordinate", encodeCoordinate({ vector, ...rest }), ack);
    }
    for (const bytes of states) {
      const { state, rest } = decodeSerfState(bytes)!;
      assert.equal(rest.length, 0);
      assert.equal(state.events?.length, 512);
      same("state", encodeSerf({ type: "state", body: state }), bytes);
    }
  }
  for (const type of ["join", "leave", "event", "query", "response", "tags", "coordinate", "state"])
    assert.ok(types.get(type)! >= 4, `${type}: ${JSON.stringify([...types])}`);
});
