import assert from "node:assert/strict";
import { test } from "node:test";
import { execute } from "#prompt/session.ts";
import { bookAddress, bookPeer, peer, timeAt } from "#prompt/testing/fake-client.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";

const NOON = new Date(2026, 10, 21, 12, 0, 0).getTime(); // local time, as people read it

function ago(ms: number) {
  return timeAt(NOON - ms);
}

function origins(...kinds: string[]) {
  return kinds.map((kind) => ({ $typeName: "parley.v1.PeerOrigin" as const, kind, source: "" }));
}

async function outputOf(prompt: ReturnType<typeof fakePrompt>, line: string): Promise<string> {
  const { status, output, error } = await execute(prompt.tree, line);
  assert.equal(status, 0, error ?? "");
  return output;
}

const FAILURE = { code: 14, rawMessage: "service whisper is not running" };

test("show identity says who the node is and what it tells others", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.identity = { expires: timeAt(NOON + 86_400_000), lobby: true };
  assert.equal(
    await outputOf(prompt, "show identity"),
    `bob is k7qf-2m3a-x5dw-b6ie.
Public key (Ed25519): ${"ff".repeat(32)}
Announcement 12: 150 bytes, valid for 1d, renewed before.
  whisper at 127.0.0.1:5001
  present in the lobby
`,
  );
  prompt.node.identity = { services: [] };
  assert.match(await outputOf(prompt, "show identity"), /\n {2}no service that others could reach\n$/);
  const json = JSON.parse(await outputOf(prompt, "show identity | json")) as Record<string, unknown>;
  assert.deepEqual(
    [json["fingerprint"], json["sequence"], json["lobby"]],
    ["k7qf-2m3a-x5dw-b6ie", 12, false],
  );
});

test("show peers has the origins of each chat peer, and below it all addresses of who announced itself", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.peers = [
    peer("192.0.2.2:1", 1, { nick: "alice", outSince: ago(300_000) }),
    peer("192.0.2.3:1", 4, { origin: "named by 192.0.2.2" }),
    peer("192.0.2.4:1", 4, { origin: "operator" }),
  ];
  prompt.node.book = [
    bookPeer(
      "alice",
      [
        bookAddress("whisper", "192.0.2.2:1", {
          state: "linked",
          since: ago(300_000),
          origins: origins("configuration", "membership"),
        }),
        bookAddress("member", "192.0.2.2:7946", {
          state: "lost",
          reason: "no answer",
          restsUntil: timeAt(NOON + 30_000),
          origins: origins("membership"),
          alsoClaimedBy: ["zzzz-zzzz-zzzz-zzzz"],
        }),
      ],
      { lobby: true },
    ),
    bookPeer("eve", [], { fingerprint: "bbbb-bbbb-bbbb-bbbb", inForce: false }),
    bookPeer("", [bookAddress("whisper", "192.0.2.3:1")]),
    bookPeer("", [bookAddress("mesh", "192.0.2.9:8083", { origins: origins("directory") })]),
  ];
  assert.equal(
    await outputOf(prompt, "show peers"),
    `Address     Nick  State  Out In Queue Sent Received Origin             Note
----------- ----- ------ --- -- ----- ---- -------- ------------------ ------------------
192.0.2.2:1 alice linked 5m  -      0    0        0 config, membership
192.0.2.3:1       known  -   -      0    0        0 message            not dialled so far
192.0.2.4:1       known  -   -      0    0        0 operator           not dialled so far

Name  Identity            Kind    Address        State  For Origin             Note
----- ------------------- ------- -------------- ------ --- ------------------ ------------------------------------------------------------------
alice abcd-efgh-ijkl-mnop whisper 192.0.2.2:1    linked 5m  config, membership in the lobby
                          member  192.0.2.2:7946 lost   -   membership         no answer; left alone for 30s; also claimed by zzzz-zzzz-zzzz-zzzz
eve   bbbb-bbbb-bbbb-bbbb -       -              -      -                      gone or expired
      -                   mesh    192.0.2.9:8083 -      -   directory
`,
  );
  assert.equal(await outputOf(prompt, "show peers | count"), "7\n");
  const json = JSON.parse(await outputOf(prompt, "show peers | json")) as {
    peers: { address: string; origins?: { kind: string }[]; identity?: string; name?: string }[];
    book: { name: string; identity?: { fingerprint: string }; addresses: { restsUntil?: string }[] }[];
    refusals: object;
  };
  assert.deepEqual(
    json.peers[0]!.origins?.map(({ kind }) => kind),
    ["configuration", "membership"],
  );
  assert.deepEqual([json.peers[0]!.identity, json.peers[0]!.name], ["abcd-efgh-ijkl-mnop", "alice"]);
  assert.equal(json.peers[2]!.origins, undefined);
  assert.equal(json.book[0]!.addresses[1]!.restsUntil, new Date(NOON + 30_000).toISOString());
  assert.equal(json.book[1]!.identity!.fingerprint, "bbbb-bbbb-bbbb-bbbb");
});

test("show peers has the book alone where no whisper runs, and the chat alone on an older node", async () => {
  const prompt = fakePrompt(NOON);
  const { client } = prompt.node;
  prompt.node.book = [bookPeer("", [bookAddress("member", "192.0.2.9:7946")])];
  const { listPeers } = client.whisper;
  client.whisper.listPeers = async () => Promise.reject(FAILURE);
  assert.match(
    await outputOf(prompt, "show peers"),
    /^Name Identity Kind +Address +State For Origin +Note\n/,
  );
  client.whisper.listPeers = listPeers;
  client.peers.listBook = async () => Promise.reject({ code: 12, rawMessage: "unimplemented" });
  prompt.node.peers = [peer("192.0.2.2:1", 1)];
  assert.match(await outputOf(prompt, "show peers"), /\n192\.0\.2\.2:1 .* config\n$/);
  client.whisper.listPeers = async () => Promise.reject(FAILURE);
  const { status, error } = await execute(prompt.tree, "show peers");
  assert.deepEqual([status, error], [1, "service whisper is not running"]);
});

test("show why takes a name or a fingerprint too, and adds what the book knows", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.peers = [peer("192.0.2.2:1", 5)];
  prompt.node.explained.set("alice", ["alice is abcd-efgh-ijkl-mnop."]);
  prompt.node.explained.set("192.0.2.2:1", ["This peer has not announced itself."]);
  assert.equal(await outputOf(prompt, "show why alice"), "alice is abcd-efgh-ijkl-mnop.\n");
  const both = await outputOf(prompt, "show why 192.0.2.2:1");
  assert.match(
    both,
    /^192\.0\.2\.2:1 is not linked: "disconnect" holds it\.\n[^]*\nThis peer has not announced itself\.\n$/,
  );
  const { status, message } = await execute(prompt.tree, "show why eve");
  assert.deepEqual([status, message], [1, "nothing is known of eve"]);
  const json = JSON.parse(await outputOf(prompt, "show why 192.0.2.2:1 | json")) as Record<string, unknown>;
  assert.deepEqual([json["state"], json["book"]], ["held", ["This peer has not announced itself."]]);
});

test("a peer is completed by what the chat and the book know, each once", async () => {
  const prompt = fakePrompt();
  prompt.node.peers = [peer("192.0.2.2:1", 1, { nick: "al" })];
  const addresses = [
    bookAddress("whisper", "192.0.2.2:1"),
    bookAddress("member", "192.0.2.2:7946", { state: "linked" }),
  ];
  prompt.node.book = [bookPeer("alice", addresses, {}), bookPeer("", [bookAddress("mesh", "192.0.2.9:1")])];
  assert.equal(
    await outputOf(prompt, "show why ?"),
    `192.0.2.2:1          al, linked
192.0.2.2:7946       alice, member, linked
abcd-efgh-ijkl-mnop  alice
alice                abcd-efgh-ijkl-mnop
192.0.2.9:1          mesh
`,
  );
  prompt.node.client.whisper.listPeers = async () => Promise.reject(FAILURE);
  assert.match(await outputOf(prompt, "show why ?"), /^192\.0\.2\.2:1 +alice, whisper\n/);
});
