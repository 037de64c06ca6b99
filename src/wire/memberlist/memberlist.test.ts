import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import { globSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { seededRandom } from "#base/random.ts";
import { build, givenLayers, layer } from "#packet/build.ts";
import type { FactValue } from "#packet/codec.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import type { Message } from "#packet/message.ts";
import { parse as parseMessage } from "#packet/parse.ts";
import { hexText } from "#packet/primitive.ts";
import { Registry } from "#packet/registry.ts";
import { Data } from "#wire/data.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { isSame } from "#wire/lossless.ts";
import { FRAME_LIMITS } from "#wire/memberlist/limits.ts";
import { Memberlist, MemberlistStream } from "#wire/memberlist/memberlist.ts";
import { DEFAULT_VERSIONS } from "#wire/memberlist/messages.ts";
import {
  compressMessage,
  decodePacket,
  encodeCompound,
  PACKET_FORMATS,
  type Compound,
} from "#wire/memberlist/packet.ts";
import { decodeSerf, decodeTags, encodeSerf } from "#wire/memberlist/serf.ts";
import { decodeStreamMessage, STREAM_FORMATS } from "#wire/memberlist/stream.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { joinSealed, withoutCrc, type Sealed } from "#wire/memberlist/wrapping.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Udp } from "#wire/udp.ts";
import { packetsOf } from "../../../test/interop/tshark/compare.ts";

const FILES = globSync(
  fileURLToPath(new URL("../../../test/captures/membership/*.pcap", import.meta.url)),
).sort();
const KEY = bytesOf("000102030405060708090a0b0c0d0e0f");
const registry = standardRegistry();
const alone = new Registry([Memberlist, MemberlistStream] as unknown as readonly Message[], Data);

function packetsIn(name: string): Packet[] {
  return packetsOf(
    registry,
    FILES.find((file) => basename(file) === `${name}.pcap`)!,
  );
}

function memberlistLayers(packet: Packet): Packet["layers"] {
  return packet.layers.filter(({ message }) => message.protocol === "memberlist");
}

function parse(bytes: Uint8Array, message: unknown = Memberlist): Packet {
  return new Packet(alone, message as Message, bytes);
}

function factsIn(packet: Packet, query: string): (FactValue | undefined)[] {
  return factsOf(packet).flatMap((fact) => (fact.query === query ? [fact.value] : []));
}

test("every captured frame is read whole and written back from its values alone", () => {
  assert.equal(FILES.length, 10);
  let layers = 0;
  for (const file of FILES) {
    for (const [i, packet] of packetsOf(registry, file).entries()) {
      const where = `${basename(file)} frame ${i + 1}`;
      assert.deepEqual(
        packet.problems.filter(({ kind }) => kind !== "offload"),
        [],
        where,
      );
      for (const { values, whole } of memberlistLayers(packet)) {
        layers++;
        assert.ok(whole, where);
        const body = values["body"] as object | undefined;
        // Nothing had to be kept as bytes: real peers write as we do.
        assert.ok(body === undefined || !("raw" in body || body instanceof Uint8Array), where);
      }
      assert.ok(
        givenLayers(packet).every(({ raw }) => raw === undefined),
        where,
      );
      assert.deepEqual(build(registry, givenLayers(packet)), packet.bytes, where);
    }
  }
  assert.ok(layers > 2_000);
});

test("the generated parser and the thorough reading agree", () => {
  for (const file of FILES)
    for (const packet of packetsOf(registry, file))
      for (const { message, start, limit, values } of memberlistLayers(packet)) {
        const thorough = parseMessage(message, packet.bytes.subarray(start, limit));
        assert.ok(thorough.ok && isSame(thorough.value, values));
      }
});

test("the captures say what happened", () => {
  const count = (name: string, query: string): Map<string, number> => {
    const found = new Map<string, number>();
    for (const packet of packetsIn(name))
      for (const value of new Set(factsIn(packet, query)))
        found.set(String(value), (found.get(String(value)) ?? 0) + 1);
    return found;
  };
  assert.deepEqual([...count("plain", "memberlist.alive.node").keys()].sort(), ["alpha", "beta", "gamma"]);
  assert.deepEqual([...count("plain", "memberlist.push_pull.name").keys()].sort(), [
    "alpha",
    "beta",
    "gamma",
  ]);
  assert.deepEqual([...count("compressed", "memberlist.alive.addr").keys()].sort(), [
    "127.0.0.2",
    "127.0.0.3",
    "127.0.0.4",
  ]);
  assert.deepEqual([...count("v06label", "memberlist.label").keys()], ["blue"]);
  assert.deepEqual([...count("serf-plain", "serf.event.name").keys()], ["deploy"]);
  assert.deepEqual([...count("serf-plain", "serf.query.name").keys()], ["load"]);
  assert.deepEqual([...count("serf-plain", "serf.response.from").keys()].sort(), ["s2", "s3", "s4"]);
  assert.ok(count("serf-plain", "serf.coordinate.height").size > 0);
  assert.ok(count("serf-plain", "serf.tag").has("role=r4"));
  assert.ok(count("plain", "memberlist.type").has("3"));
  assert.deepEqual([...count("enc", "memberlist.type").keys()], ["10"]);
  assert.deepEqual([...count("enc", "memberlist.encrypt.version").keys()], ["1"]);
  assert.deepEqual([...count("encv0", "memberlist.encrypt.version").keys()], ["0"]);
});

test("all that Serf sends is understood, and written as it was", () => {
  const payloads: Uint8Array[] = [];
  for (const packet of packetsIn("serf-plain")) {
    for (const query of ["memberlist.user.payload", "memberlist.push_pull.user_state"])
      payloads.push(...(factsIn(packet, query) as Uint8Array[]));
    for (const meta of factsIn(packet, "memberlist.alive.meta")) assert.ok(decodeTags(meta as Uint8Array));
  }
  assert.ok(payloads.length > 50);
  for (const payload of payloads) {
    const message = decodeSerf(payload);
    assert.ok(message, hexText(payload));
    assert.equal(hexText(encodeSerf(message)), hexText(payload));
  }
});

/** What is inside with the captures' key: AAD is the label, before it the stream's header. */
function open(sealed: Sealed, label: string, header: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-128-gcm", KEY, sealed.nonce);
  decipher.setAAD(Buffer.concat([header, Buffer.from(label)]));
  decipher.setAuthTag(sealed.tag);
  const plain = Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()]);
  return sealed.version === 0 ? plain.subarray(0, plain.length - plain.at(-1)!) : plain;
}

test("the parts of encrypted packets are right: with the key they open", () => {
  let opened = 0;
  for (const [name, label] of [
    ["enc", ""],
    ["encv0", ""],
    ["serf-enc", ""],
    ["v06labelenc", "blue"],
  ] as const)
    for (const packet of packetsIn(name)) {
      const last = memberlistLayers(packet).at(-1);
      const body = last?.values["body"];
      if (!last || !body || body instanceof Uint8Array || !("nonce" in (body as object))) continue;
      opened++;
      const sealed = body as Sealed;
      if (last.message.name === "memberlist") {
        const inside = withoutCrc(open(sealed, label, new Uint8Array(0)));
        assert.ok(inside.ok);
        assert.deepEqual(decodePacket(inside.value).problems, []);
      } else {
        const header = new Uint8Array(5);
        header[0] = 10;
        new DataView(header.buffer).setUint32(1, joinSealed(sealed).length);
        const inside = decodeStreamMessage(open(sealed, label, header));
        assert.ok(inside.ok && inside.problem === undefined);
      }
    }
  assert.ok(opened > 500);
});

test("a packet is built from values, its checksum and its label's length worked out", () => {
  const bytes = build(registry, [
    layer(Ipv4, { source: "127.0.0.3", destination: "127.0.0.2" }),
    layer(Udp, { sourcePort: 7946, destinationPort: 7946 }),
    layer(Memberlist, { type: 244, label: "blue" }),
    layer(Memberlist, { type: 12 }),
    layer(Memberlist, { type: 3, body: { from: "beta", incarnation: 1, node: "gamma" } }),
  ]);
  const expected =
    "f404626c75650cda3f3b660383a446726f6da462657461ab496e6361726e6174696f6e01a44e6f6465a567616d6d61";
  assert.equal(hexText(bytes, 28), expected);
  const packet = parse(bytes.subarray(28));
  assert.deepEqual(packet.problems, []);
  assert.deepEqual(
    parse(bytes.slice(28).with(8, 0)).problems.map(({ kind }) => kind),
    ["checksum"],
  );
});

test("bytes that another encoder wrote are kept, until a value is changed", () => {
  // An alive with its keys in another order, and a port of four bytes.
  const bytes = bytesOf(
    `0486a44e6f6465a567616d6d61a441646472a47f000004ab496e6361726e6174696f6e01a44d657461c0a4506f7274ce00001f0a
     a356736ea6010502000000`,
  );
  const packet = parse(bytes);
  assert.deepEqual(packet.problems, []);
  const values = packet.get(Memberlist)!;
  const body = values.body as { readonly node: string; readonly raw?: Uint8Array };
  assert.equal(body.node, "gamma");
  assert.deepEqual(body.raw, bytes.subarray(1));
  assert.deepEqual(build(alone, givenLayers(packet)), bytes);
  const changed = build(alone, [
    layer(Memberlist, { ...values, body: { ...values.body!, node: "delta" } as never }),
  ]);
  assert.match(hexText(changed), /^0486a441646472a4/);
  assert.deepEqual(factsIn(parse(changed), "memberlist.alive.node"), ["delta"]);
});

test("what is wrong is a problem, and the bytes stay", () => {
  const versions = "a356736ea6010502000000";
  const alive = `0486a441646472a47f000004ab496e6361726e6174696f6e01a44d657461c0a44e6f6465a161a4506f7274cd1f0a${versions}`;
  const cases: readonly (readonly [string, RegExp])[] = [
    [alive.replace(versions, "a356736ea3010502"), /Vsn has 3 bytes, not 6/],
    [alive.slice(0, 40), /it ends too early/],
    ["0702 0000 0001 08", /an empty part of a compound/],
    ["0c00000000", /nothing behind a checksum/],
    ["f400", /an empty label/],
    ["f40161", /nothing behind a label/],
    ["63 0102", /a type that packets do not have/],
    ["06 80", /a type that packets do not have/],
    ["00 01", /not a map/],
    ["0082a44e6f6465a167", /it ends too early/],
    ["0982a4416c676f01a3427566a100", /an unknown compression algorithm 1/],
    ["0982a4416c676f00a3427566a100", /without an end code/],
  ];
  for (const [hex, expected] of cases) {
    const bytes = bytesOf(hex);
    const packet = parse(bytes);
    assert.match(packet.problems.map(({ error }) => error).join(), expected, hex);
    assert.deepEqual(build(alone, givenLayers(packet)), bytes, hex);
  }
});

test("a segment in the middle of a stream is no mistake", () => {
  for (const hex of [
    "657373616765",
    "0683a44a6f696e",
    "0881aa557365724d73674c656e10746370",
    "0a00000089 01b5a85b50",
    "09",
  ]) {
    const bytes = bytesOf(hex);
    const packet = parse(bytes, MemberlistStream);
    assert.deepEqual(packet.problems, [], hex);
    assert.deepEqual(build(alone, givenLayers(packet)), bytes, hex);
  }
  const part = parse(
    bytesOf("0683a44a6f696ec3a54e6f64657302ac5573657253746174654c656e07 87a4"),
    MemberlistStream,
  );
  assert.deepEqual(factsIn(part, "memberlist.push_pull.nodes"), [2]);
});

test("values that can be sent come back the same through the declaration", () => {
  const packets = {
    ping: 0,
    indirectPing: 1,
    ack: 2,
    suspect: 3,
    alive: 4,
    dead: 5,
    compound: 7,
    user: 8,
    compress: 9,
    nack: 11,
  };
  const streams = { ping: 0, ack: 2, pushPull: 6, user: 8, compress: 9, encrypt: 10, error: 13 };
  const sets = [
    [Memberlist, PACKET_FORMATS, packets],
    [MemberlistStream, STREAM_FORMATS, streams],
  ] as const;
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = seededRandom(seed);
      for (const [message, formats, types] of sets)
        for (const [name, type] of Object.entries(types)) {
          const body = formats[name as keyof typeof formats].random(random);
          const bytes = build(alone, [layer(message as typeof Memberlist, { type, body } as never)]);
          const packet = parse(bytes, message);
          assert.deepEqual(packet.problems, []);
          assert.ok(isSame(packet.layers[0]!.values["body"], body), `${name} ${hexText(bytes)}`);
          assert.notEqual(message.info!(packet.layers[0]!.values as never, { payloadSize: 0 }), "");
        }
    }),
    { numRuns: 100 },
  );
});

test("any bytes are read without an error thrown and written back as they were", () => {
  const type = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 244);
  const sealed = fc.uint8Array({ minLength: 28, maxLength: 100 });
  fc.assert(
    fc.property(
      type,
      fc.oneof(fc.uint8Array({ maxLength: 100 }), sealed),
      fc.boolean(),
      (first, rest, stream) => {
        const bytes = Uint8Array.of(first, ...rest);
        const packet = parse(bytes, stream ? MemberlistStream : Memberlist);
        factsOf(packet);
        assert.ok(Array.isArray(packet.problems));
        assert.deepEqual(build(alone, givenLayers(packet)), bytes);
      },
    ),
    { numRuns: 3_000 },
  );
});

test("changed frames are read without an error thrown and written back as they are", () => {
  const frames = FILES.flatMap((file) => packetsOf(registry, file))
    .flatMap((packet) =>
      memberlistLayers(packet)
        .slice(0, 1)
        .map(({ start, limit, message }) => ({ packet, start, limit, message })),
    )
    .filter((_, i) => i % 7 === 0);
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 });
  fc.assert(
    fc.property(fc.nat(), changes, fc.nat(), (which, list, cut) => {
      const { packet, start, limit, message } = frames[which % frames.length]!;
      const bytes = packet.bytes.slice(start, limit - (cut % 3 === 0 ? cut % (limit - start) : 0));
      for (const [at, value] of list) bytes[at % bytes.length] = value;
      const changed = parse(bytes, message);
      factsOf(changed);
      assert.deepEqual(build(alone, givenLayers(changed)), bytes);
    }),
    { numRuns: 3_000 },
  );
});

test("a frame that was cut when it was captured is cut, not malformed", () => {
  for (const packet of packetsIn("plain").slice(0, 80))
    for (const { start, limit, message } of memberlistLayers(packet).slice(0, 1)) {
      const captured = new Packet(alone, message, packet.bytes.slice(start, limit - 3), {
        originalLength: limit - start,
      });
      assert.deepEqual([...new Set(captured.problems.map(({ kind }) => kind))], ["cut"]);
    }
});

test("a decompression bomb is a problem of a frame, not ours", () => {
  const bomb = compressMessage(new Uint8Array(50_000_000));
  assert.ok(bomb.length < 65_000);
  const before = process.memoryUsage().arrayBuffers;
  const packet = parse(bomb);
  assert.match(packet.problems[0]!.error, /more than 1048576 bytes when decompressed/);
  // Far below what is inside, with all that was not yet collected.
  assert.ok(process.memoryUsage().arrayBuffers - before < 30_000_000);
  assert.deepEqual(build(alone, givenLayers(packet)), bomb);
});

test("many small bombs in one frame share its limit", () => {
  const part = compressMessage(new Uint8Array(100_000).fill(8, 0, 1));
  const bytes = encodeCompound(Array.from({ length: 60 }, () => part));
  const packet = parse(bytes);
  assert.match(packet.problems[0]!.error, /bytes when decompressed/);
  const { parts } = packet.layers[0]!.values["body"] as Compound;
  const opened = parts.filter(({ type, body }) => type === "compress" && "message" in body);
  assert.equal(opened.length, Math.floor(FRAME_LIMITS.decompressedBytes / 100_000));
  assert.deepEqual(build(alone, givenLayers(packet)), bytes);
});

test("an alive without an address in a family leaves its names absent", () => {
  const body = {
    node: "a",
    address: new Uint8Array(16),
    incarnation: 1,
    port: 1,
    versions: DEFAULT_VERSIONS,
  };
  const packet = parse(build(alone, [layer(Memberlist, { type: 4, body })]));
  assert.deepEqual(factsIn(packet, "memberlist.alive.addr6"), ["::"]);
  assert.deepEqual(factsIn(packet, "memberlist.alive.addr"), []);
});
