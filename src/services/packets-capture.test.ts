import assert from "node:assert/strict";
import { test } from "node:test";
import { capturedPackets } from "#packet/file/packets.ts";
import { PacketsError, type CapturedPacket, type CaptureRequest } from "#services/packets-api.ts";
import { QUEUE_PACKETS } from "#services/packets-limits.ts";
import { arpRequest, PacketsBench } from "#services/testing/packets-bench.ts";

const ALL: CaptureRequest = { interface: "eth0", query: "", snapLength: 0, promiscuous: true };

test("a client gets the packets that its query selects, each with its line", async () => {
  const b = new PacketsBench();
  const api = await b.start({});
  const ends = new AbortController();
  const query = "arp.dst.proto_ipv4 == 10.0.0.9";
  const stream = await api.startCapture({ ...ALL, query, snapLength: 60 }, ends.signal);
  assert.deepEqual([stream.linkType, b.sockets.opened[0]!.options.snapLength], [1, 60]);
  const batches = stream[Symbol.asyncIterator]();
  const first = batches.next();
  b.sockets.receive("eth0", arpRequest("10.0.0.8"));
  b.sockets.receive("eth0", arpRequest("10.0.0.9"), true);
  b.sockets.receive("eth0", new Uint8Array(3));
  const { packets, dropped } = (await first).value!;
  assert.deepEqual([packets.length, dropped], [1, 0]);
  const { number, bytes, outgoing, length, source, protocol, nanoseconds } = packets[0] as CapturedPacket;
  assert.deepEqual([number, length, outgoing, source, protocol], [1, 42, true, "a", "arp"]);
  assert.deepEqual([bytes, nanoseconds], [arpRequest("10.0.0.9"), 123_456_789]);
  const [status] = api.captures();
  assert.deepEqual([status!.packets, status!.bytes, status!.file, status!.query], [1, 42, "", query]);
  ends.abort();
  await assert.rejects(batches.next(), /the capture has ended/);
  assert.deepEqual([b.sockets.opened.length, api.captures().length], [0, 0]);
});

test("a client that reads slowly loses the newest packets and is told how many; its memory is bounded", async () => {
  const b = new PacketsBench();
  const api = await b.start({});
  const ends = new AbortController();
  const stream = await api.startCapture(ALL, ends.signal);
  const packet = arpRequest("10.0.0.9");
  for (let i = 0; i < QUEUE_PACKETS + 500; i++) b.sockets.receive("eth0", packet);
  b.sockets.opened[0]!.dropped = 7; // in the kernel
  const [{ packets: captured, bytes, dropped: lost } = { packets: 0, bytes: 0, dropped: 0 }] = api.captures();
  assert.deepEqual([captured, bytes, lost], [QUEUE_PACKETS, QUEUE_PACKETS * packet.length, 507]);
  let read = 0;
  let last = 0;
  for await (const { packets, dropped } of stream) {
    assert.ok(packets.length <= 256);
    assert.equal(dropped, 507);
    last = packets.at(-1)!.number;
    read += packets.length;
    if (read === QUEUE_PACKETS) break;
  }
  assert.equal(last, QUEUE_PACKETS);
  const large = new Uint8Array(65_536);
  for (let i = 0; i < 500; i++) b.sockets.receive("eth0", large);
  assert.equal(api.captures()[0]!.dropped, 507 + 500 - 128, "8 MiB wait at most");
  ends.abort();
});

test("a capture is refused with the place of the mistake, and ends with its interface", async () => {
  const b = new PacketsBench();
  const api = await b.start({});
  const { signal } = new AbortController();
  const refused = (request: Partial<CaptureRequest>, kind: string, pattern: RegExp) =>
    assert.rejects(api.startCapture({ ...ALL, ...request }, signal), (error: unknown) => {
      assert.ok(error instanceof PacketsError && error.kind === kind, String(error));
      assert.match(error.message, pattern);
      return true;
    });
  await refused({ query: "ip.src == 10.0.0.1 and ip.scr" }, "invalid", /: ip.src == 10.0.0.1 and »ip.scr«$/);
  await refused({ query: "x".repeat(5_000) }, "invalid", /more than 4096 letters/);
  await refused({ interface: "eth9" }, "missing", /no interface eth9/);
  const stream = await api.startCapture(ALL, signal);
  const next = stream[Symbol.asyncIterator]().next();
  b.sockets.opened[0]!.fail(new Error("eth0 is gone"));
  await assert.rejects(next, /eth0 is gone/);
  assert.equal(api.captures().length, 0);
  for (let i = 0; i < 16; i++) await api.startCapture(ALL, signal);
  await refused({}, "failed", /16 captures run for clients already/);
  await b.stop();
  assert.equal(b.sockets.opened.length, 0);
});

test("a configured capture writes pcapng files within a second, and begins another when one is full", async () => {
  const b = new PacketsBench();
  const capture = { interface: "eth0", query: "arp", file: "arp", rotate: "64k" };
  const api = await b.start({ captures: [capture] });
  const packet = arpRequest("10.0.0.9");
  b.sockets.receive("eth0", packet);
  b.sockets.receive("eth0", new Uint8Array(60));
  await b.pass(1_500);
  const [first] = [...capturedPackets(b.disk.bytesOf("arp_1"))];
  assert.deepEqual([first!.bytes, first!.linkType, first!.nanoseconds], [packet, 1, 123_456_789]);
  for (let i = 0; i < 1_200; i++) b.sockets.receive("eth0", packet);
  await b.pass(1_500);
  assert.deepEqual([...b.disk.written.keys()], ["arp_1", "arp_2"]);
  for (const file of b.disk.written.keys()) assert.ok(b.disk.bytesOf(file).length <= 64_000);
  const counts = [...b.disk.written.keys()].map((file) => [...capturedPackets(b.disk.bytesOf(file))].length);
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    1_201,
  );
  const { state, packets, bytes, dropped, file } = api.captures()[0]!;
  assert.deepEqual([state, packets, bytes, dropped, file], ["running", 1_201, 1_201 * 42, 0, "arp"]);
  b.sockets.receive("eth0", packet);
  await b.stop();
  const total = [...b.disk.written.keys()].flatMap((each) => [...capturedPackets(b.disk.bytesOf(each))]);
  assert.deepEqual([total.length, b.disk.closed], [1_202, 1], "what waited is written at the end");
});

test("a disk that hangs costs a known amount of memory; one that is full fails the capture until there is room", async () => {
  const b = new PacketsBench();
  const api = await b.start({ captures: [{ interface: "eth0", file: "all" }] });
  const disk = Promise.withResolvers<void>();
  b.disk.hangs = disk.promise;
  const large = new Uint8Array(65_536);
  for (let i = 0; i < 400; i++) b.sockets.receive("eth0", large);
  const { packets, dropped } = api.captures()[0]!;
  assert.equal(packets + dropped, 400);
  assert.ok(packets < 257 && packets > 250, String(packets));
  b.disk.hangs = undefined;
  disk.resolve();
  await b.pass(1_500);
  b.disk.error = new Error("ENOSPC: no space left on device");
  b.sockets.receive("eth0", large);
  await b.pass(1_000);
  const failed = api.captures()[0]!;
  assert.deepEqual([failed.state, b.sockets.opened.length], ["failed", 0]);
  assert.match(failed.reason, /cannot be written: ENOSPC/);
  b.disk.error = undefined;
  await b.pass(5_000);
  assert.equal(api.captures()[0]!.state, "running");
  assert.equal(api.captures()[0]!.packets, packets + 1, "what was counted stays");
});

test("a query that is none is told with its place, and not tried again", async () => {
  const b = new PacketsBench();
  const api = await b.start({ captures: [{ interface: "eth0", file: "x", query: "udp.prot == 53" }] });
  const { state, reason, nextAttempt } = api.captures()[0]!;
  assert.deepEqual([state, nextAttempt], ["failed", undefined]);
  assert.match(reason, /»udp.prot« == 53; /);
  await b.pass(120_000);
  assert.equal(b.sockets.asked, 0);
});
