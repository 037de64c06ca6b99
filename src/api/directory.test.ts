import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectTo } from "#api/client.ts";
import type { FakeControl } from "#api/fake-control.ts";
import { Metrics } from "#api/metrics.ts";
import { startServer } from "#api/test-server.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { DirectoryApi, DirectoryResult } from "#services/directory-api.ts";

const NOW = 1_763_700_000_000;
const URL = "http://192.0.2.1:8080";
const PEER = { id: "a", name: "alice", kind: "member", address: "192.0.2.7:7946", timestamp: "5" } as const;

function fakeDirectory(asked: string[]): DirectoryApi {
  const order =
    (name: string) =>
    async (url: string): Promise<readonly DirectoryResult[]> => {
      if (url !== "" && url !== URL)
        throw new OperatorError(`${url} is not configured`, `name one of ${URL}`);
      asked.push(`${name} ${url}`);
      const settings = { maxPeers: 2, minRefillCandidates: 1 };
      const listing = {
        settings,
        numPeers: 1,
        peers: [PEER],
        unusable: 0,
        expires: NOW / 1_000,
        expiresIn: 60,
      };
      return [
        { url: URL, error: "", listing },
        { url: "http://192.0.2.2", error: "ECONNREFUSED" },
      ];
    };
  return {
    server: () => ({
      address: "0.0.0.0:8080",
      store: "directory.sqlite",
      maxPeers: 2,
      minRefillCandidates: 1,
      peers: [{ ...PEER, protocol: "tcp", expires: NOW, source: "192.0.2.7", isSigned: true }],
      counters: new Map([
        ["refused rate", 3],
        ["join added", 1],
      ]),
    }),
    clients: () => [
      {
        url: URL,
        state: "registered",
        isOriginal: true,
        since: NOW,
        reason: "",
        id: "me",
        address: "192.0.2.9:7946",
        expires: undefined,
        nextAt: NOW + 5,
        numPeers: 1,
        maxPeers: 2,
        peers: [{ ...PEER, announcement: Uint8Array.of(1) }],
      },
    ],
    join: order("join"),
    refill: order("refill"),
    leave: order("leave"),
    list: order("list"),
    reset: order("reset"),
  };
}

async function start(context: TestContext) {
  const server = await startServer(context);
  const asked: string[] = [];
  server.control.directory = fakeDirectory(asked);
  const { client, close } = await connectTo({ socket: server.socket });
  context.after(close);
  return { directory: client.directory, asked, control: server.control as FakeControl };
}

test("what this node serves and asks is told with all that is known of it", async (context) => {
  const { directory } = await start(context);
  const { server, directories } = await directory.getDirectory({});
  assert.deepEqual(
    [server!.address, server!.numPeers, server!.peers[0]!.signed, server!.peers[0]!.expires?.seconds],
    ["0.0.0.0:8080", 1, true, BigInt(NOW / 1_000)],
  );
  assert.deepEqual(
    server!.counters.map(({ name, count }) => `${name} ${count}`),
    ["join added 1", "refused rate 3"],
  );
  const [asked] = directories;
  assert.deepEqual(
    [asked!.state, asked!.original, asked!.expires, asked!.next?.nanos],
    ["registered", true, undefined, 5_000_000],
  );
  assert.deepEqual([asked!.peers[0]!.address, asked!.peers[0]!.signed], ["192.0.2.7:7946", true]);
});

test("orders go to the directories that are named, and each one's answer or failure is told", async (context) => {
  const { directory, asked } = await start(context);
  for (const order of ["join", "refill", "leave", "list", "reset"] as const) {
    const { answers } = await directory[order]({ url: order === "list" ? URL : "" });
    assert.deepEqual(
      answers.map(({ url, error, numPeers }) => `${url} ${error} ${numPeers}`),
      [`${URL}  1`, "http://192.0.2.2 ECONNREFUSED 0"],
    );
  }
  assert.deepEqual(asked, ["join ", "refill ", "leave ", `list ${URL}`, "reset "]);
  await assert.rejects(directory.join({ url: "http://elsewhere" }), (error) => {
    assert.ok(error instanceof ConnectError);
    assert.equal(error.code, Code.FailedPrecondition);
    assert.match(error.rawMessage, /not configured; name one of/);
    return true;
  });
});

test("a node without a directory says so, and with one it is measured", async (context) => {
  const { directory, control } = await start(context);
  const text = await new Metrics(control).text();
  assert.match(text, /^parley_directory_peers 1$/m);
  assert.match(text, /^parley_directory_requests\{outcome="refused rate"\} 3$/m);
  assert.match(text, /^parley_directory_registered\{url="http:\/\/192\.0\.2\.1:8080"\} 1$/m);
  control.directory = undefined;
  await assert.rejects(directory.getDirectory({}), (error) => {
    assert.ok(error instanceof ConnectError);
    assert.equal(error.code, Code.Unavailable);
    return true;
  });
  assert.match(await new Metrics(control).text(), /^parley_directory_peers 0$/m);
});
