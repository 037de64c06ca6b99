import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { fromPem, loadKey, toPem } from "#services/identity-key.ts";
import { PeersBench } from "#services/testing/peers-bench.ts";
import { SimFiles } from "#sim/files.ts";
import { systemCipher } from "#system/cipher.ts";

const HOUR = 3_600_000;

/** What is refused, and what the operator is told to do. */
async function refusalOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OperatorError, String(error));
  return `${error.message}; ${error.remedy}`;
}

test("a node makes its key at the first start and keeps it", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  await node.start();
  const { fingerprint, publicKey } = node.identity;
  assert.match(fingerprint, /^[a-z2-7]{4}(?:-[a-z2-7]{4}){3}$/);
  const seed = fromPem(decodeUtf8(node.files.contents.get("/data/identity.key")!))!;
  assert.equal(seed.length, 32);
  await node.stop();
  await node.start();
  assert.deepEqual(node.identity.publicKey, publicKey);
  assert.notEqual(
    (
      await (async () => {
        const other = bench.add();
        await other.start();
        return other;
      })()
    ).identity.fingerprint,
    fingerprint,
  );
});

test("a key is written as OpenSSL reads it, and anything else is damaged", () => {
  const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
  const pem = toPem(seed);
  assert.deepEqual(fromPem(pem), seed);
  assert.deepEqual(fromPem(pem.replaceAll("\n", "\r\n")), seed);
  const wrong = [
    "",
    "x",
    pem.slice(1),
    pem.replace("MC4C", "MC4D"),
    pem + pem,
    pem.replace("PRIVATE", "PUBLIC"),
    pem.replace(/.(?=\n-----END)/, ""),
  ];
  for (const text of wrong) assert.equal(fromPem(text), undefined, text);
});

test("a damaged key, or one that others may read, is refused with what to do", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  node.files.contents.set("/data/identity.key", encodeUtf8("-----BEGIN PRIVATE KEY-----\n"));
  assert.match(
    await refusalOf(node.start()),
    /^the node's key \/data\/identity\.key is damaged; put a copy of it back/,
  );
  const content = encodeUtf8(toPem(new Uint8Array(32)));
  const open = { read: async () => ({ content, openMode: "0644" }), write: async () => {} };
  assert.match(
    await refusalOf(loadKey(open, "/data/identity.key", systemCipher)),
    /^others than its owner may use the node's key \/data\/identity\.key \(mode 0644\); chmod 600 \/data\/identity\.key/,
  );
});

test("where nothing can be written the node does not start, and says so in one line", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  const files = {
    read: async () => undefined,
    write: async (path: string) => {
      throw new OperatorError(`cannot write ${path}: EROFS`, "let the user who runs parleyd write there");
    },
  };
  assert.match(
    await refusalOf(node.start([], files)),
    /^cannot write \/data\/identity\.key: EROFS; let the user/,
  );
});

test("an announcement has the addresses of the services that run, and is read back by others", async () => {
  const bench = new PeersBench();
  const [node, other] = [bench.add(), bench.add()];
  await node.start();
  await other.start();
  const reading = other.identity.read(node.identity.announcement());
  assert.ok(reading.ok);
  assert.deepEqual(reading.announcement, node.identity.current());
  assert.deepEqual(reading.announcement.services, [{ kind: "whisper", address: "10.8.0.1:55555" }]);
  assert.equal(reading.announcement.name, "n1");
  const damaged = node.identity.announcement().slice();
  damaged[60]! ^= 1;
  assert.equal(other.identity.read(damaged).ok, false);
});

test("each change is a new announcement, several at once are one, and who follows is told once", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  await node.start();
  await bench.pass(10);
  let told = 0;
  const following = new AbortController();
  node.identity.follow(() => told++, following.signal);
  const first = node.identity.current();
  assert.equal(node.identity.current(), first, "nothing is new");
  const running = new AbortController();
  node.identity.announce("member", "10.8.0.1:7946", running.signal);
  node.identity.announce("mesh", "gopher.example:1", running.signal);
  node.identity.setLobby(true);
  await bench.pass(10);
  assert.equal(told, 1);
  const second = node.identity.current();
  assert.ok(second.sequence > first.sequence);
  assert.deepEqual(
    second.services.map(({ kind }) => kind),
    ["whisper", "member"],
    "host names are left out",
  );
  assert.equal(second.lobby, true);
  running.abort();
  node.identity.setLobby(true);
  await bench.pass(10);
  assert.equal(told, 2);
  assert.deepEqual(
    node.identity.current().services.map(({ kind }) => kind),
    ["whisper"],
  );
  following.abort();
  node.identity.setLobby(false);
  await bench.pass(10);
  assert.equal(told, 2);
});

test("an announcement is renewed long before it expires", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  await node.start();
  await bench.pass(10);
  const first = node.identity.current();
  let told = 0;
  node.identity.follow(() => told++, new AbortController().signal);
  await bench.pass(11 * HOUR);
  assert.equal(told, 0);
  await bench.pass(2 * HOUR);
  assert.equal(told, 1);
  const { sequence, expires } = node.identity.current();
  assert.ok(sequence > first.sequence && expires >= first.expires + 12 * 3_600);
});

test("an announcement that somebody had renewed by asking for it is told to those who follow, too", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  await node.start();
  await bench.pass(11 * HOUR + 60_000);
  const first = node.identity.current();
  let told = 0;
  node.identity.follow(() => told++, new AbortController().signal);
  node.skew = 2 * HOUR;
  assert.ok(node.identity.current().sequence > first.sequence);
  await bench.pass(10);
  assert.equal(told, 1);
});

test("when the clock was set back announcements still go forward, over a restart too", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  await node.start();
  node.identity.setLobby(true);
  const before = node.identity.current();
  node.skew = -365 * 24 * HOUR;
  await bench.pass(HOUR + 1_000);
  const back = node.identity.current();
  assert.ok(back.sequence > before.sequence, "renewed, since it seemed to last a year");
  assert.ok(back.expires < before.expires);
  await node.stop();
  await node.start();
  assert.ok(node.identity.current().sequence > back.sequence);
});

test("numbers go on beyond those that were reserved", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  node.skew = -10 * 365 * 24 * HOUR;
  await node.start();
  const stored = () => Number(decodeUtf8(node.files.contents.get("/data/identity.sequence")!));
  const reserved = stored();
  let last = 0;
  for (let i = 0; i < 3_000; i++) {
    node.identity.setLobby(i % 2 === 0);
    const { sequence } = node.identity.current();
    assert.ok(sequence > last);
    last = sequence;
  }
  await bench.pass(1_000);
  assert.ok(stored() > reserved && stored() > last);
});

test("a damaged number is warned of, and the clock takes its place", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  for (const text of ["", "x", "-1", "1e300", "0.5"]) {
    node.files.contents.set("/data/identity.sequence", encodeUtf8(text));
    await node.start();
    assert.deepEqual(
      node.warnings(),
      ["/data/identity.sequence is damaged; announcements are numbered by the clock"],
      text,
    );
    assert.ok(node.identity.current().sequence > Date.UTC(2026, 0, 1) - 1);
    await node.stop();
  }
});

test("what is signed can be verified with the public key", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  const seed = new Uint8Array(32).fill(9);
  const files = new SimFiles();
  files.contents.set("/data/identity.key", encodeUtf8(toPem(seed)));
  await node.start([], files);
  const signature = node.identity.sign(encodeUtf8("registration"));
  assert.equal(signature.length, 64);
});
