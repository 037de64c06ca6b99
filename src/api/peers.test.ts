import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectTo } from "#api/client.ts";
import { startServer } from "#api/test-server.ts";
import { PeersBench } from "#services/testing/peers-bench.ts";

/** A client of a node's real identity and peer book, on a simulated network. */
async function start(context: TestContext) {
  const bench = new PeersBench();
  const [node, other] = [bench.add(), bench.add()];
  await node.start();
  await other.start([node.address]);
  await bench.pass(3_000);
  const server = await startServer(context);
  server.control.identity = node.identity;
  server.control.peers = node.peers;
  const { client, close } = await connectTo({ socket: server.socket });
  context.after(close);
  return { client: client.peers, node, other, server };
}

async function errorOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return `${Code[error.code]}: ${error.rawMessage}`;
}

test("the identity is told with the announcement that others get", async (context) => {
  const { client, node, other } = await start(context);
  const identity = await client.getIdentity({});
  const { name, sequence, expires } = node.identity.current();
  assert.deepEqual(
    [identity.name, identity.fingerprint, Number(identity.sequence), timestampMs(identity.expires!)],
    [name, node.identity.fingerprint, sequence, expires * 1_000],
  );
  assert.deepEqual(
    identity.services.map(({ kind, address }) => `${kind} ${address}`),
    ["whisper 10.8.0.1:55555"],
  );
  assert.deepEqual(new Uint8Array(identity.publicKey), node.identity.publicKey);
  assert.ok(other.identity.read(identity.announcement).ok);
});

test("the book is told with identities, origins and states, and what was refused", async (context) => {
  const { client, node, other } = await start(context);
  node.peers.announced(other.identity.announcement(), "membership", "n2");
  node.peers.report("whisper", other.address, { state: "lost", reason: "closed" });
  node.peers.heard({ kind: "mesh", address: "192.0.2.1:0", origin: "directory", source: "d" });
  const { peers, refusals } = await client.listBook({});
  const [peer, ...others] = peers;
  assert.deepEqual(others, []);
  assert.equal(peer!.name, "n2");
  assert.equal(peer!.identity!.fingerprint, other.identity.fingerprint);
  assert.deepEqual([peer!.identity!.inForce, peer!.identity!.origin!.source], [true, "n2"]);
  const [address] = peer!.addresses;
  assert.deepEqual(
    address!.origins.map(({ kind, source }) => [kind, source]),
    [
      ["message", "10.8.0.2"],
      ["membership", "n2"],
    ],
  );
  assert.deepEqual(
    [address!.state, address!.reason, address!.failures, address!.lastFailure],
    ["lost", "closed", 1, "closed"],
  );
  assert.ok(timestampMs(address!.restsUntil!) > timestampMs(address!.lastLinked!));
  assert.deepEqual(
    refusals.map(({ reason, count }) => [reason, Number(count)]),
    [["address: port 0", 1]],
  );
});

test("a peer is explained by name, and an unknown one is refused", async (context) => {
  const { client, other } = await start(context);
  const { lines } = await client.explainPeer({ peer: other.address });
  assert.match(lines.join("\n"), /^n2 has not announced itself/);
  for (const peer of ["nobody", ""])
    assert.equal(
      await errorOf(client.explainPeer({ peer })),
      `NotFound: nothing is known of ${peer}; see the list of peers`,
    );
});

test("without a peer book the identity is still told", async (context) => {
  const { client, server } = await start(context);
  server.control.peers = undefined;
  assert.match(await errorOf(client.listBook({})), /^Unavailable: peers is not configured/);
  assert.equal((await client.getIdentity({})).name, "n1");
});
