import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAddress } from "#base/address.ts";
import { dumpRequest, parseNetlink } from "#system/linux/rtnetlink.ts";

/** What Linux 6 announced for: ip addr add 10.77.0.1 peer 10.77.0.2/32 dev vx0; the addition of 10.88.0.1/24 and its end. */
const PEER =
  "4c000000140000007b31016b8e710000022080000a000000080001000a4d0002080002000a4d00010800030076783000" +
  "080008008000000014000600ffffffffffffffff5c371a005c371a00";
const ADDED =
  "54000000140000007b31016b90710000021880000a000000080001000a580001080002000a580001080004000a5800ff" +
  "0800030076783000080008008000000014000600ffffffffffffffff5d371a005d371a00";
const REMOVED = ADDED.replace("5400000014", "5400000015");

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

/** An announcement of an interface as the kernel makes it: ifinfomsg and attributes. */
function linkMessage(
  flags: number,
  attributes: readonly (readonly [number, Uint8Array])[],
  type = 16,
): Uint8Array {
  const parts = attributes.flatMap(([kind, value]) => {
    const header = new Uint8Array(Uint16Array.of(4 + value.length, kind).buffer);
    return [header, value, new Uint8Array(-value.length & 3)];
  });
  const info = new Uint8Array(16);
  const view = new DataView(info.buffer);
  view.setUint16(2, 1, true);
  view.setInt32(4, 7, true);
  view.setUint32(8, flags, true);
  const body = Buffer.concat([info, ...parts]);
  const header = new Uint8Array(Uint32Array.of(16 + body.length, type, 5, 99).buffer);
  return Uint8Array.from(Buffer.concat([header, body]));
}

test("an address is read with its peer, its broadcast and what it is attached to", () => {
  const [peer] = parseNetlink(bytesOf(PEER));
  assert.ok(peer?.type === "address");
  assert.deepEqual([peer.removed, peer.index, peer.sequence, peer.port], [false, 10, 0x6b01317b, 0x718e]);
  const { address } = peer;
  assert.equal(formatAddress(address.address), "10.77.0.1");
  assert.equal(formatAddress(address.peer!), "10.77.0.2");
  assert.deepEqual([address.prefixLength, address.scope, address.flags], [32, "global", []]);
  const [added] = parseNetlink(bytesOf(ADDED));
  assert.ok(added?.type === "address");
  assert.equal(formatAddress(added.address.broadcast!), "10.88.0.255");
  assert.equal(added.address.peer, undefined);
});

test("several messages in one datagram are read one after the other", () => {
  const messages = parseNetlink(bytesOf(ADDED + REMOVED));
  assert.deepEqual(
    messages.map((message) => message.type === "address" && message.removed),
    [false, true],
  );
});

test("an interface is read with its state, flags and counters", () => {
  const name = new TextEncoder().encode("vx0\0");
  const counters = new Uint8Array(BigUint64Array.from([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]).buffer);
  const [message] = parseNetlink(
    linkMessage(0x1 | 0x2 | 0x40 | 0x1000 | 0x1_0000, [
      [1, Uint8Array.of(2, 0, 0, 0, 0, 1)],
      [3, name],
      [4, Uint8Array.of(0xdc, 5, 0, 0)],
      [16, Uint8Array.of(6)],
      [23, counters],
    ]),
  );
  assert.deepEqual(message, {
    type: "link",
    removed: false,
    link: {
      index: 7,
      name: "vx0",
      mtu: 1_500,
      up: true,
      running: true,
      operState: "up",
      flags: ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
      medium: "ether",
      hardwareAddress: Uint8Array.of(2, 0, 0, 0, 0, 1),
      hardwareBroadcast: new Uint8Array(0),
      counters: {
        receivedPackets: 1,
        sentPackets: 2,
        receivedBytes: 3,
        sentBytes: 4,
        receiveErrors: 5,
        sendErrors: 6,
        receiveDropped: 7,
        sendDropped: 8,
        multicast: 9,
      },
    },
    sequence: 5,
    port: 99,
    interrupted: false,
  });
});

test("an interface that is up without a carrier says so first, as ip does", () => {
  const [message] = parseNetlink(linkMessage(0x1 | 0x2, [[16, Uint8Array.of(3)]]));
  assert.ok(message?.type === "link");
  assert.deepEqual(message.link.flags, ["NO-CARRIER", "BROADCAST", "UP"]);
  assert.deepEqual([message.link.running, message.link.operState], [false, "lower-layer-down"]);
});

test("requests and the ends of answers are the kernel's", () => {
  assert.equal(
    Buffer.from(dumpRequest("links", 7)).toString("hex"),
    `200000001200010307000000${"00".repeat(20)}`,
  );
  assert.equal(
    Buffer.from(dumpRequest("addresses", 8)).toString("hex"),
    `180000001600010308000000${"00".repeat(12)}`,
  );
  const error = Uint8Array.from(
    Buffer.concat([Buffer.from(Uint32Array.of(20, 2, 7, 9).buffer), Buffer.from(Int32Array.of(-16).buffer)]),
  );
  const [done] = parseNetlink(error);
  assert.deepEqual([done?.type, done?.type === "done" && done.code, done?.sequence], ["done", 16, 7]);
});

test("no bytes make it throw or loop, whole, cut or changed", () => {
  const whole = bytesOf(PEER + ADDED);
  for (let end = 0; end <= whole.length; end++) assert.ok(parseNetlink(whole.subarray(0, end)).length <= 2);
  const changed = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(changed, { minLength: 1, maxLength: 8 }), (changes) => {
      const bytes = whole.slice();
      for (const [at, value] of changes) bytes[at] = value;
      assert.ok(parseNetlink(bytes).length < 100);
    }),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parseNetlink(bytes).length < 100));
});
