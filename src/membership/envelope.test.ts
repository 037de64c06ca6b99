import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { Envelope, type EnvelopeSettings } from "#membership/envelope.ts";
import { simCipher } from "#sim/cipher.ts";
import { systemCipher } from "#system/cipher.ts";
import { decodeStreamMessage } from "#wire/memberlist/stream.ts";
import type { Sealed } from "#wire/memberlist/wrapping.ts";

const KEYS = [16, 24, 32].map((size) => Uint8Array.from({ length: size }, (_, i) => i + size));
const PLAIN: EnvelopeSettings = { keys: [], label: "", acceptPlain: false, sendPlain: false, protocol: 2 };
const MESSAGE = Uint8Array.from({ length: 100 }, (_, i) => i);

function envelope(changes: Partial<EnvelopeSettings>, cipher = systemCipher): Envelope {
  return new Envelope({ ...PLAIN, ...changes }, cipher);
}

function openStream(reader: Envelope, bytes: Uint8Array): Uint8Array | undefined {
  const outer = decodeStreamMessage(bytes);
  assert.ok(outer.ok && outer.value.type === "encrypt");
  const inner = reader.openStream(outer.value.body as Sealed);
  return inner.ok ? inner.value : undefined;
}

test("what is sealed opens with any key of the ring, in both versions, with and without a label", () => {
  for (const cipher of [systemCipher, simCipher(seededRandom(1))])
    for (const key of KEYS)
      for (const protocol of [1, 2])
        for (const label of ["", "blue"]) {
          const writer = envelope({ keys: [key], protocol, label }, cipher);
          const reader = envelope({ keys: [...KEYS], label }, cipher);
          for (let size = 1; size < 40; size++) {
            const packet = writer.sealPacket(MESSAGE.subarray(0, size));
            assert.ok(packet.length <= size + writer.packetOverhead);
            const opened = reader.openPacket(packet);
            assert.ok(opened.ok);
            assert.deepEqual(Uint8Array.from(opened.value), MESSAGE.subarray(0, size));
          }
          const stream = writer.sealStream(MESSAGE, false);
          assert.deepEqual(Uint8Array.from(openStream(reader, stream)!), MESSAGE);
        }
});

test("another key, another label, a changed byte: nothing opens", () => {
  const writer = envelope({ keys: [KEYS[0]!], label: "blue" });
  const packet = writer.sealPacket(MESSAGE);
  const problem = (reader: Envelope, bytes: Uint8Array): string | undefined => {
    const opened = reader.openPacket(bytes);
    return opened.ok ? undefined : opened.error;
  };
  assert.equal(problem(envelope({ keys: [KEYS[1]!], label: "blue" }), packet), "no key opens it");
  assert.equal(problem(envelope({ keys: [KEYS[0]!], label: "red" }), packet), "another label");
  assert.equal(problem(envelope({ keys: [KEYS[0]!] }), packet), "another label");
  assert.equal(problem(writer, packet.subarray(6)), "no label");
  for (let at = 6; at < packet.length; at += 7)
    assert.equal(problem(writer, packet.with(at, packet[at]! ^ 1)), "no key opens it");
  assert.equal(problem(writer, packet.subarray(0, 20)), "no key opens it");
  assert.equal(openStream(envelope({ keys: [KEYS[0]!] }), writer.sealStream(MESSAGE, false)), undefined);
});

test("no two packets are sealed alike", () => {
  const writer = envelope({ keys: [KEYS[0]!] });
  assert.notDeepEqual(writer.sealPacket(MESSAGE), writer.sealPacket(MESSAGE));
});

test("a cluster can get its first key, and another one, without a break", () => {
  const plain = envelope({});
  const accepting = envelope({ keys: [KEYS[0]!], acceptPlain: true, sendPlain: true });
  assert.ok(!accepting.encrypts && !accepting.demandsEncryption);
  assert.deepEqual(accepting.sealPacket(MESSAGE), MESSAGE);
  assert.ok(accepting.openPacket(plain.sealPacket(MESSAGE)).ok);
  const encrypting = envelope({ keys: [KEYS[0]!] });
  assert.ok(accepting.openPacket(encrypting.sealPacket(MESSAGE)).ok);
  assert.ok(!encrypting.openPacket(MESSAGE).ok);
  encrypting.setKeys([KEYS[1]!, KEYS[0]!]);
  assert.ok(encrypting.openPacket(envelope({ keys: [KEYS[0]!] }).sealPacket(MESSAGE)).ok);
  assert.ok(!envelope({ keys: [KEYS[0]!] }).openPacket(encrypting.sealPacket(MESSAGE)).ok);
});

test("only a dialler's stream begins with the label", () => {
  const labelled = envelope({ label: "blue" });
  assert.deepEqual(labelled.sealStream(MESSAGE, false), MESSAGE);
  assert.deepEqual(labelled.sealStream(MESSAGE, true).subarray(6), MESSAGE);
});

test("keys and labels of wrong sizes are refused", () => {
  assert.throws(() => envelope({ keys: [new Uint8Array(15)] }), /a key of 15 bytes/);
  assert.throws(() => envelope({ label: "x".repeat(256) }), /a label of 256 bytes/);
});
