import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { DirectoryDaemon, idsOf, post } from "./daemon.ts";

const HOST = "127.84.4.1";
const URL = `http://${HOST}:8080`;
const TOKEN = "sesame-open-12345";
const folder = mkdtempSync(join(tmpdir(), "parley-directory-"));
let daemon: DirectoryDaemon;

before(async () => {
  const settings = [
    "max-peers=1000",
    `token=${TOKEN}`,
    "rate=5",
    "burst=40",
    'trusted=["127.0.0.1/32"]',
    "check=0",
  ];
  const all = [`directory.serve=${HOST}:8080`, ...settings.map((each) => `directory.${each}`)];
  daemon = await new DirectoryDaemon(folder, "server", all).serving();
});
after(async () => {
  await daemon.end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

/** Nothing of what a test did has hurt the others. */
async function isWell(): Promise<void> {
  const answer = await post(`${URL}/ping`);
  assert.deepEqual([answer.status, answer.body], [200, "OK"]);
}

async function counters(): Promise<Readonly<Record<string, number>>> {
  const { client, close } = await daemon.connect();
  const { server } = await client.directory.getDirectory({});
  close();
  return Object.fromEntries(server!.counters.map(({ name, count }) => [name, Number(count)]));
}

async function raw(text: string): Promise<Socket> {
  const socket = connect(8080, HOST);
  await once(socket, "connect");
  socket.on("error", () => {});
  socket.write(text);
  return socket;
}

/** All that comes until the other side ends it. */
async function rest(socket: Socket): Promise<string> {
  let said = "";
  socket.on("data", (data: Buffer) => (said += data.toString("latin1")));
  await once(socket, "close");
  return said;
}

test("bodies beyond the limit are refused, however they come", async () => {
  assert.equal((await post(`${URL}/join`, "x".repeat(5_000))).status, 413);
  const declared = await raw(`POST /join HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\nabc`);
  assert.match(await rest(declared), /^HTTP\/1\.1 413 /);
  const chunk = `1000\r\n${"y".repeat(0x1000)}\r\n`;
  const chunked = await raw(
    `POST /join HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(4)}`,
  );
  assert.match(await rest(chunked), /^HTTP\/1\.1 413 /);
  const head = await raw(`POST /join HTTP/1.1\r\nHost: x\r\nX: ${"z".repeat(20_000)}\r\n\r\n`);
  assert.match(await rest(head), /^HTTP\/1\.1 431 /);
  const found = await counters();
  assert.deepEqual([found["refused body"], found["refused head"]], [3, 1]);
  await isWell();
});

test("clients that are slow with the head or the body are ended", { timeout: 40_000 }, async () => {
  const slow = [
    await raw("POST /join HTTP/1.1\r\nHost: x\r\n"),
    await raw("POST /join HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nuuid1 "),
    await raw(""),
  ];
  await isWell();
  for (const said of await Promise.all(slow.slice(0, 2).map(rest)))
    assert.match(said, /^(HTTP\/1\.1 408 |$)/);
  slow[2]!.destroy();
  assert.ok((await counters())["refused slow"]! >= 1);
  await isWell();
});

test("what is no HTTP, and what is no JSON, is refused", async () => {
  const random = seededRandom(1);
  for (let i = 0; i < 20; i++) {
    const bytes = Buffer.from(Array.from({ length: 200 }, () => random.below(256)));
    const socket = await raw(bytes.toString("latin1"));
    socket.end();
    assert.match(await rest(socket), /^(HTTP\/1\.1 4\d\d |$)/);
  }
  for (const body of [
    "",
    "[]",
    "null",
    "{",
    '{"id":7}',
    '{"id":"a","ip":{}}',
    '"x"',
    `{"id":${"[".repeat(3_000)}`,
  ])
    assert.equal((await post(`${URL}/v1/join`, body)).status, 400, body.slice(0, 20));
  await isWell();
});

test("odd ids stay what they are, and what would hurt readers is refused", async () => {
  const odd = [
    "__proto__",
    "constructor",
    "toString",
    "../../etc/passwd",
    '"}],',
    "é😀",
    "%00",
    "<script>",
    "a/b?c#d",
    "'; DROP TABLE entries;--",
  ];
  for (const id of odd) {
    const answer = await post(`${URL}/join`, `${id.replaceAll(" ", "_")} n 192.0.2.1 1 tcp 0 1`);
    assert.ok(idsOf(answer.body).includes(id.replaceAll(" ", "_")), id);
  }
  const wrong = [
    " n 192.0.2.1 1 tcp 0 1",
    `${"i".repeat(200)} n 192.0.2.1 1 tcp 0 1`,
    "a\u0000b n 192.0.2.1 1 tcp 0 1",
    "a\u202eb n 192.0.2.1 1 tcp 0 1",
    "a n gopher.example 1 tcp 0 1",
    "a n 192.0.2.1 70000 tcp 0 1",
    "a n 192.0.2.1 -1 tcp 0 1",
    "a n 192.0.2.1 1 tcp 0 1\nSet-Cookie:x",
  ];
  for (const body of wrong) assert.equal((await post(`${URL}/join`, body)).status, 400, JSON.stringify(body));
  for (const id of odd) await post(`${URL}/leave`, id.replaceAll(" ", "_"));
  assert.deepEqual(idsOf((await post(`${URL}/list`)).body), []);
});

test("reset and config ask for the token, all else does not", async () => {
  await post(`${URL}/join`, "alice n 192.0.2.1 1 tcp 0 1");
  for (const path of ["/reset", "/config", "/v1/reset", "/v1/config"]) {
    for (const authorization of [
      "",
      "Bearer",
      "Bearer wrong-token-1",
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
    ]) {
      const body = path === "/config" ? "3 3" : '{"maxPeers":3,"minRefillCandidates":3}';
      const answer = await post(`${URL}${path}`, body, { authorization });
      assert.equal(answer.status, 401, `${path} ${authorization}`);
    }
  }
  assert.deepEqual(idsOf((await post(`${URL}/list`)).body), ["alice"]);
  const allowed = { authorization: `Bearer ${TOKEN}` };
  assert.match((await post(`${URL}/config`, "1000 3", allowed)).body, /"minrefillcandidates":3,"numpeers":1/);
  assert.deepEqual(idsOf((await post(`${URL}/reset`, "", allowed)).body), []);
  assert.ok(!daemon.output.includes(TOKEN));
});

test("a flood from one address is told to wait, and others do not notice", async () => {
  const flood = await Promise.all(
    Array.from({ length: 120 }, (_, i) =>
      post(`${URL}/join`, `flood${i} n 192.0.2.1 1 tcp 0 1`, {}, "127.84.4.9"),
    ),
  );
  const served = flood.filter(({ status }) => status === 200).length;
  assert.ok(served >= 40 && served < 80, String(served));
  assert.ok(flood.every(({ status }) => status === 200 || status === 429));
  const others = await Promise.all(
    Array.from({ length: 30 }, () => post(`${URL}/ping`, "", {}, "127.84.4.10")),
  );
  assert.ok(others.every(({ status }) => status === 200));
  assert.equal((await counters())["refused rate"], 120 - served);
});

test("one address cannot take all connections", async () => {
  const sockets = Array.from({ length: 400 }, () =>
    connect({ port: 8080, host: HOST, localAddress: "127.84.4.11" }),
  );
  let left = 144; // above the limit: they are ended at once, the others wait for a request
  await new Promise<void>((resolve) => {
    for (const socket of sockets) {
      socket.on("error", () => {});
      socket.on("close", () => --left === 0 && resolve());
    }
  });
  await isWell();
  for (const socket of sockets) socket.destroy();
  assert.ok((await counters())["refused connections"]! >= 144);
});
