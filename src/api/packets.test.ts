import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectTo } from "#api/client.ts";
import { RunState } from "#api/gen/parley/v1/packets_pb.ts";
import { startServer, TOKENS, until } from "#api/test-server.ts";
import { formatEndpoint } from "#base/endpoint.ts";
import type { CapturedPacket } from "#services/packets-api.ts";

async function start(test: TestContext) {
  const server = await startServer(test);
  const { client, close } = await connectTo({ socket: server.socket });
  test.after(close);
  return { ...server, packets: client.packets };
}

function packet(number: number): CapturedPacket {
  const times = { seconds: 1_795_219_132, nanoseconds: 123_456_789 };
  const line = {
    source: "192.0.2.1",
    destination: "192.0.2.2",
    protocol: "DNS",
    info: `query \ud800${number}`,
  };
  return { number, ...times, length: 90, bytes: Uint8Array.of(1, 2, 3), outgoing: true, ...line };
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return `${Code[error.code]}: ${error.rawMessage}`;
}

test("captures and responders are listed with all that is known of them", async (context) => {
  const { packets } = await start(context);
  const [capture] = (await packets.listCaptures({})).captures;
  assert.deepEqual(
    [capture!.interface, capture!.file, capture!.state, capture!.packets, capture!.bytes, capture!.dropped],
    ["eth0", "arp", RunState.FAILED, 5n, 300n, 2n],
  );
  assert.deepEqual([capture!.reason, capture!.nextAttempt?.seconds], ["no room", 1_763_700_006n]);
  const { responders, available } = await packets.listResponders({});
  const { name, seen, matched, sent, errors, lastError, lastErrorTime, configured } = responders[0]!;
  assert.deepEqual([name, configured, available], ["arp", true, ["arp", "dns"]]);
  assert.deepEqual([seen, matched, sent, errors], [9n, 4n, 3n, 1n]);
  assert.deepEqual(
    [lastError, lastErrorTime?.seconds],
    ["the interface took no more packets", 1_763_700_005n],
  );
});

test("responders are started and stopped by name, and each refusal has its code", async (context) => {
  const { packets, control } = await start(context);
  await packets.startResponder({ name: "arp", interface: "eth0", options: { address: "192.0.2.7" } });
  await packets.stopResponder({ name: "arp" });
  await packets.stopResponder({ name: "arp", interface: "eth1" });
  assert.deepEqual(control.asked, [
    'start arp eth0 {"address":"192.0.2.7"}',
    "stop arp everywhere",
    "stop arp eth1",
  ]);
  const missing = packets.startResponder({ name: "x", interface: "eth0" });
  assert.equal(await codeOf(missing), "FailedPrecondition: there is no responder x; put it there");
  assert.equal(
    await codeOf(packets.stopResponder({ name: "x" })),
    "NotFound: there is no responder x; see them",
  );
  control.setState("packets", "stopped");
  assert.match(await codeOf(packets.listResponders({})), /^Unavailable: packets is stopped/);
});

test("a capture says that it has begun, streams packets with their lines, and ends with its client", async (context) => {
  const { packets, control } = await start(context);
  control.packets.batches = [
    { packets: [packet(1), packet(2)], dropped: 0 },
    { packets: [packet(5)], dropped: 2 },
  ];
  const request = { interface: "eth0", query: "dns", snapLength: 96, promiscuous: true };
  const seen: unknown[] = [];
  for await (const { packets: batch, dropped, linkType } of packets.capture(request)) {
    seen.push([linkType, dropped, batch.map(({ number }) => Number(number))]);
    const [first] = batch;
    if (first) {
      const { time, length, data, outgoing, source, info } = first;
      assert.deepEqual(
        [time!.seconds, time!.nanos, length, outgoing],
        [1_795_219_132n, 123_456_789, 90, true],
      );
      assert.deepEqual([[...data], source], [[1, 2, 3], "192.0.2.1"]);
      assert.equal(info, `query \ufffd${first.number}`);
    }
    if (dropped > 0n) break;
  }
  assert.deepEqual(seen, [
    [1, 0n, []],
    [1, 0n, [1, 2]],
    [1, 2n, [5]],
  ]);
  assert.deepEqual(control.asked, ["capture eth0 dns 96 true"]);
  await until(() => control.packets.signal!.aborted, "the capture has ended");
});

test("a capture that is refused tells why, and over TCP only the administrator may ask", async (context) => {
  const { packets, listen } = await start(context);
  const first = (request: object, client = packets) => client.capture(request)[Symbol.asyncIterator]().next();
  assert.match(await codeOf(first({ interface: "eth9" })), /^NotFound: there is no interface eth9/);
  const bad = first({ interface: "eth0", query: "ip.scr" });
  assert.equal(await codeOf(bad), "InvalidArgument: no field ip.scr: »ip.scr«; write ip.src");
  const target = { server: `http://${formatEndpoint(listen)}` };
  const writer = await connectTo({ ...target, token: TOKENS.write });
  const admin = await connectTo({ ...target, token: TOKENS.admin });
  context.after(() => [writer, admin].forEach(({ close }) => close()));
  const refused = first({ interface: "eth0" }, writer.client.packets);
  assert.match(await codeOf(refused), /^PermissionDenied: Capture needs the admin token/);
  const started = writer.client.packets.startResponder({ name: "arp", interface: "eth0" });
  assert.match(await codeOf(started), /^PermissionDenied/);
  assert.equal((await writer.client.packets.listCaptures({})).captures.length, 1);
  assert.equal((await first({ interface: "eth0" }, admin.client.packets)).value!.linkType, 1);
});
