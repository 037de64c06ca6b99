import { build, emit, givenLayers, layer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { parse } from "#packet/parse.ts";
import { hexText } from "#packet/primitive.ts";
import { headerOf, Lsa, LsaHeader } from "#wire/ospf/lsa.ts";
import { Ospf } from "#wire/ospf/ospf.ts";
import {
  DatabaseDescription,
  Hello,
  LinkStateAcknowledgment,
  LinkStateRequest,
  LinkStateUpdate,
} from "#wire/ospf/packets.ts";
import { madePackets } from "#wire/ospf/testing/packets.ts";
import { standardRegistry } from "#wire/registry.ts";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const registry = standardRegistry();
const FOLDER = new URL("../../../test/captures/ospf/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".pcap"));

function packetsOf(file: string): Packet[] {
  const reader = new CaptureReader();
  reader.push(readFileSync(new URL(file, FOLDER)));
  reader.end();
  const packets: Packet[] = [];
  while (reader.next()) {
    const { bytes, start, stop, linkType } = reader;
    packets.push(new Packet(registry, registry.find("linktype", linkType)!, bytes.slice(start, stop)));
  }
  return packets;
}

/** The OSPF part of a frame with what follows it. */
function ospfOf(packet: Packet): { values: Ospf; bytes: Uint8Array } {
  const { start, end } = packet.layer(Ospf as never)!;
  return { values: packet.get(Ospf)!, bytes: packet.bytes.subarray(start, end) };
}

function lsasOf(packet: Packet): { lsa: Lsa; bytes: Uint8Array }[] {
  const { values, bytes } = ospfOf(packet);
  if (values.type !== 4) return [];
  let at = 28;
  return (values.body as LinkStateUpdate).lsas.map((lsa) => {
    const start = at;
    at += lsa.length;
    return { lsa, bytes: bytes.subarray(start, at) };
  });
}

function hex(bytes: Uint8Array): string {
  return hexText(bytes, 0, bytes.length);
}

function unhex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

function parsed<T>(result: { ok: true; value: T } | { ok: false; error: string }): T {
  assert.ok(result.ok, result.ok ? "" : result.error);
  return result.value;
}

for (const file of FILES) {
  test(`every frame of ${file} is whole and is written back as it was`, () => {
    const packets = packetsOf(file);
    assert.ok(packets.length > 10);
    for (const [i, packet] of packets.entries()) {
      const frame = `frame ${i + 1}`;
      const given = givenLayers(packet);
      assert.deepEqual(packet.problems, [], frame);
      assert.ok(
        given.every(({ raw }) => raw === undefined),
        frame,
      );
      assert.deepEqual(build(registry, given), packet.bytes, frame);
    }
  });

  test(`the generated and the thorough parser read the same in ${file}`, () => {
    for (const packet of packetsOf(file)) {
      const { values, bytes } = ospfOf(packet);
      const place = { headerEnd: 0, end: 0, next: 0 };
      const parser = registry.parser(registry.numberOf(Ospf as never));
      assert.deepEqual(parser(bytes, 0, bytes.length, bytes.length, place), values);
      assert.deepEqual(parsed(parse(Ospf, bytes)), values);
    }
  });

  test(`lengths and checksums of the packets in ${file} are computed as they were`, () => {
    for (const packet of packetsOf(file)) {
      const { values, bytes } = ospfOf(packet);
      const { packetLength: _, checksum: __, ...left } = values;
      // What follows the header of another type is data.
      const data = values.body === undefined ? bytes.subarray(24) : undefined;
      assert.equal(hex(build(registry, [layer(Ospf, left)], data)), hex(bytes));
    }
  });

  test(`every LSA in ${file} is a message of its own, its length and checksum computed as they were`, () => {
    for (const { lsa, bytes } of packetsOf(file).flatMap(lsasOf)) {
      assert.deepEqual(parsed(parse(Lsa, bytes)), lsa);
      const { lsChecksum: _, length: __, ...left } = lsa;
      assert.equal(hex(emit(Lsa, left)), hex(bytes));
      assert.equal(hex(emit(LsaHeader, headerOf(lsa))), hex(bytes.subarray(0, 20)));
    }
  });
}

test("the captures hold LSAs and all packet types", () => {
  const packets = FILES.flatMap(packetsOf);
  const types = new Set(packets.map((packet) => ospfOf(packet).values.type));
  assert.deepEqual([...types].sort(), [1, 2, 3, 4, 5, 6]);
  const lsas = packets.flatMap(lsasOf).map(({ lsa }) => lsa.lsType);
  assert.deepEqual(
    [...new Set(lsas)].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  );
});

test("made.pcap, which tshark is compared with, holds the made packets", () => {
  const frames = packetsOf("made.pcap").map((packet) => hex(ospfOf(packet).bytes));
  assert.deepEqual(
    frames,
    madePackets.map((packet) => hex(emit(Ospf, packet))),
  );
});

test("a Hello lies as in RFC 2328 A.3.2", () => {
  const hello = {
    networkMask: "255.255.255.0",
    helloInterval: 10,
    options: { externalRouting: true },
    routerPriority: 1,
    routerDeadInterval: 40,
    designatedRouter: "192.0.2.1",
    backupDesignatedRouter: "192.0.2.2",
    neighbors: ["198.51.100.7"],
  };
  const body = "ffffff00 000a 02 01 00000028 c0000201 c0000202 c6336407".replaceAll(" ", "");
  assert.equal(hex(emit(Hello, hello)), body);
  const packet = emit(Ospf, { type: 1, routerId: "192.0.2.1", areaId: "0.0.0.1", body: hello });
  assert.equal(
    hex(packet),
    `02010030c000020100000001${hex(packet.subarray(12, 14))}0000${"0".repeat(16)}${body}`,
  );
  // The words of a packet with a right checksum sum up to 0xffff, its 64 bits of authentication left out.
  let sum = 0;
  for (let at = 0; at < packet.length; at += 2)
    if (at < 16 || at >= 24) sum += packet[at]! * 256 + packet[at + 1]!;
  assert.equal((sum % 0x1_0000) + Math.floor(sum / 0x1_0000), 0xffff);
});

test("the checksum leaves out the password", () => {
  const [one, other] = ["secret", "another"].map((password) =>
    emit(Ospf, { authenticationType: 1, password }),
  );
  assert.equal(hex(one!.subarray(0, 16)), hex(other!.subarray(0, 16)));
  assert.equal(hex(one!.subarray(16, 24)), "7365637265740000");
});

test("a digest follows the packet's length, and then there is no checksum", () => {
  const packet = emit(Ospf, {
    authenticationType: 2,
    keyId: 3,
    cryptographicSequenceNumber: 0x01020304,
    authenticationData: new Uint8Array(20).fill(0xee),
    body: { neighbors: [] },
  });
  assert.equal(
    hex(packet.subarray(0, 24)),
    "0201002c 00000000 00000000 0000 0002 0000 03 14 01020304".replaceAll(" ", ""),
  );
  assert.equal(packet.length, 0x2c + 20);
  const { authenticationData, linkLocalSignaling } = parsed(parse(Ospf, packet));
  assert.deepEqual(authenticationData, new Uint8Array(20).fill(0xee));
  assert.equal(linkLocalSignaling, undefined);
});

test("the other bodies lie as in RFC 2328 A.3.3 to A.3.6", () => {
  const header: LsaHeader = headerOf(
    parsed(parse(Lsa, emit(Lsa, { lsType: 2, lsAge: 1, linkStateId: "192.0.2.1" }))),
  );
  const headerHex = `000100 02 c0000201 00000000 80000001 ${hex(emit(LsaHeader, header)).slice(32, 36)} 0018`;
  const expected: [Uint8Array, string][] = [
    [
      emit(DatabaseDescription, {
        options: { opaque: true },
        flags: { init: true, more: true, master: true },
        ddSequenceNumber: 7,
        lsaHeaders: [header],
      }),
      `05dc 40 07 00000007 ${headerHex}`,
    ],
    [
      emit(LinkStateRequest, {
        requests: [{ lsType: 5, linkStateId: "10.0.0.0", advertisingRouter: "1.2.3.4" }],
      }),
      "00000005 0a000000 01020304",
    ],
    [emit(LinkStateUpdate, { lsas: [] }), "00000000"],
    [emit(LinkStateAcknowledgment, { lsaHeaders: [header, header] }), headerHex + headerHex],
  ];
  for (const [bytes, text] of expected) assert.equal(hex(bytes), text.replaceAll(" ", ""));
});

test("LSA bodies lie as in RFC 2328 A.4", () => {
  const common = { advertisingRouter: "1.1.1.1", linkStateId: "10.0.0.0" };
  const bodyOf = (given: Parameters<typeof emit<(typeof Lsa)["fields"]>>[1]): string =>
    hex(emit(Lsa, { ...common, ...given }).subarray(20));
  const link = { linkId: "2.2.2.2", linkData: "10.0.0.1", type: 1, metric: 10 };
  assert.equal(
    bodyOf({
      lsType: 1,
      body: {
        flags: { areaBorderRouter: true, asBoundaryRouter: true },
        links: [{ ...link, tosMetrics: [{ tos: 8, tosMetric: 5 }] }, link],
      },
    }),
    "0300 0002 02020202 0a000001 01 01 000a 08 00 0005 02020202 0a000001 01 00 000a".replaceAll(" ", ""),
  );
  assert.equal(
    bodyOf({ lsType: 2, body: { networkMask: "255.255.255.0", attachedRouters: ["1.1.1.1", "2.2.2.2"] } }),
    "ffffff000101010102020202",
  );
  assert.equal(
    bodyOf({
      lsType: 3,
      body: { networkMask: "255.0.0.0", metric: 0x010203, tosMetrics: [{ tos: 2, tosMetric: 9 }] },
    }),
    "ff000000 00 010203 02 000009".replaceAll(" ", ""),
  );
  assert.equal(
    bodyOf({
      lsType: 5,
      body: {
        networkMask: "255.0.0.0",
        externalMetric: 1,
        metric: 20,
        forwardingAddress: "10.0.0.9",
        externalRouteTag: 0xabcd,
        tosMetrics: [{ tos: 4, tosMetric: 1 }],
      },
    }),
    "ff000000 80 000014 0a000009 0000abcd 04 000001 00000000 00000000".replaceAll(" ", ""),
  );
});

test("an LSA's checksum leaves out its age", () => {
  const [young, old] = [0, 3600].map((lsAge) => emit(Lsa, { lsAge, doNotAge: 1, lsType: 2 }));
  assert.equal(hex(young!.subarray(2)), hex(old!.subarray(2)));
});

test("what nobody knows stays bytes, also where TLVs end without padding", () => {
  const body = { tlvs: [{ type: 7, value: "router" }] };
  const padded = emit(Lsa, { lsType: 10, linkStateId: "4.0.0.0", body });
  assert.equal(hex(padded.subarray(20)), "00070006726f757465720000");
  const bare = unhex("00070006726f75746572");
  const lsa = parsed(parse(Lsa, emit(Lsa, { lsType: 10, linkStateId: "4.0.0.0", body: bare })));
  assert.deepEqual(lsa.body, { tlvs: [{ type: 7, length: 6, value: "router", padding: new Uint8Array(0) }] });
  const unknown = unhex("a0a1a2");
  const { body: raw } = parsed(
    parse(Lsa, emit(Lsa, { lsType: 11, linkStateId: "200.0.0.1", body: unknown })),
  );
  assert.deepEqual(raw, unknown);
  const result = parse(Lsa, emit(Lsa, { lsType: 2, body: unhex("ffffff0001") }));
  assert.ok(!result.ok && /truncated/.test(result.error));
});

test("wrong packets tell what is wrong, and a wrong LSA's checksum is found", () => {
  const frame = packetsOf("ospfv2_frr_bird_p2p.pcap").find((packet) => lsasOf(packet).length > 0)!;
  const { start } = frame.layer(Ospf as never)!;
  const broken = (change: (bytes: Uint8Array) => void): string[] => {
    const bytes = frame.bytes.slice();
    change(bytes);
    return new Packet(registry, frame.layers[0]!.message, bytes).problems.map(({ error }) => error);
  };
  const ofLsa = broken((bytes) => (bytes[start + 28 + 16]! ^= 1));
  assert.deepEqual(ofLsa, ["ospf: a bad checksum", "ospf.lsa: a bad checksum"]);
  assert.match(broken((bytes) => (bytes[start] = 3)).join(), /the version is not 2/);
  assert.ok(broken((bytes) => (bytes[start + 3] = 10)).length > 0);
});
