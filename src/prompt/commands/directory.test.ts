import assert from "node:assert/strict";
import { test } from "node:test";
import type { AskedDirectory, DirectoryAnswer, ServedDirectory } from "#api/gen/parley/v1/directory_pb.ts";
import { execute } from "#prompt/session.ts";
import { timeAt } from "#prompt/testing/fake-client.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";

const NOW = 1_763_700_000_000;
const URL = "http://192.0.2.1:8080";
const PEER = {
  id: "ab12",
  name: "alice",
  kind: "member",
  address: "192.0.2.7:7946",
  timestamp: "5",
  signed: true,
};

function promptWithDirectory() {
  const prompt = fakePrompt(NOW);
  prompt.node.directories = [
    {
      url: URL,
      state: "registered",
      original: false,
      since: timeAt(NOW - 62_000),
      reason: "",
      id: "me",
      address: "192.0.2.9:7946",
      expires: timeAt(NOW + 250_000),
      next: timeAt(NOW + 120_000),
      numPeers: 2,
      maxPeers: 10,
      peers: [PEER],
    },
    {
      url: "http://192.0.2.2",
      state: "failed",
      original: true,
      since: timeAt(NOW - 3_000),
      reason: "ECONNREFUSED",
      id: "me",
      address: "",
      numPeers: 0,
      maxPeers: 0,
      peers: [],
    },
  ] as unknown as AskedDirectory[];
  return prompt;
}

async function outputOf(prompt: ReturnType<typeof fakePrompt>, line: string): Promise<string> {
  const { status, output, error } = await execute(prompt.tree, line);
  assert.equal(status, 0, error ?? "");
  return output;
}

test("show directory tells how this node stands with each, and whom they named", async () => {
  assert.equal(
    await outputOf(promptWithDirectory(), "show directory"),
    `Directory             State      For   Registered as  Expires Asked again Peers   Note
--------------------- ---------- ----- -------------- ------- ----------- ------- -----------------------------------
http://192.0.2.1:8080 registered 1m 2s 192.0.2.9:7946 4m 10s  2m          2 of 10
http://192.0.2.2      failed     3s    -              -       -           0 of 0  ECONNREFUSED; the original's server

Directory             Name  Kind   Address        Signed ID
--------------------- ----- ------ -------------- ------ ----
http://192.0.2.1:8080 alice member 192.0.2.7:7946 yes    ab12
`,
  );
});

test("show directory of a server has its peers, and show directory counters what it was asked", async () => {
  const prompt = fakePrompt(NOW);
  assert.equal(await outputOf(prompt, "show directory counters"), "This node serves no directory.\n");
  prompt.node.served = {
    address: "0.0.0.0:8080",
    store: "directory.sqlite",
    maxPeers: 2,
    minRefillCandidates: 1,
    numPeers: 1,
    peers: [{ ...PEER, protocol: "tcp", source: "192.0.2.7", expires: timeAt(NOW + 60_000) }],
    counters: [{ name: "join added", count: 1n }],
  } as unknown as ServedDirectory;
  assert.equal(
    await outputOf(prompt, "show directory"),
    `Serving on 0.0.0.0:8080, kept in directory.sqlite: 1 of 2 peers, refill from 1
Name  Protocol Address        Expires From      Signed ID
----- -------- -------------- ------- --------- ------ ----
alice tcp      192.0.2.7:7946 1m      192.0.2.7 yes    ab12
`,
  );
  assert.equal(
    await outputOf(prompt, "show directory counters"),
    `Requests and their outcome Count
-------------------------- -----
join added                     1
`,
  );
  assert.deepEqual(JSON.parse(await outputOf(prompt, "show directory counters | json")), { "join added": 1 });
  const { server, directories } = JSON.parse(await outputOf(prompt, "show directory | json"));
  assert.deepEqual(
    [server.numPeers, server.peers[0].expires, directories],
    [1, "2025-11-21T04:41:00.000Z", []],
  );
});

test("directory join and the like ask those of the configuration, and show what they answered", async () => {
  const { node, ...prompt } = promptWithDirectory();
  const shared = { maxPeers: 10, minRefillCandidates: 2 };
  node.directoryAnswers = [
    { url: URL, error: "", ...shared, numPeers: 1, peers: [PEER] },
    { url: "http://192.0.2.2", error: "ECONNREFUSED", ...shared, numPeers: 0, peers: [] },
  ] as unknown as DirectoryAnswer[];
  for (const order of ["join", "leave", "refill", "list", `reset ${URL}`])
    assert.equal(await outputOf({ node, ...prompt }, `directory ${order}`), ANSWERS);
  assert.deepEqual(node.orders, [
    "directory join",
    "directory leave",
    "directory refill",
    "directory list",
    `directory reset ${URL}`,
  ]);
});

const ANSWERS = `http://192.0.2.1:8080: 1 of 10 peers
http://192.0.2.2: no answer: ECONNREFUSED
Directory             Name  Kind   Address        Signed ID
--------------------- ----- ------ -------------- ------ ----
http://192.0.2.1:8080 alice member 192.0.2.7:7946 yes    ab12
`;
