import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DirectoryDaemon, idsOf, post } from "./daemon.ts";

const URL = "http://127.84.5.1:8080";
const folder = mkdtempSync(join(tmpdir(), "parley-directory-"));
const running: DirectoryDaemon[] = [];
after(async () => {
  for (const daemon of running) await daemon.end("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function start(name: string, settings: readonly string[]): DirectoryDaemon {
  const daemon = new DirectoryDaemon(folder, name, settings);
  running.push(daemon);
  return daemon;
}

test("the URL of a directory is enough for two nodes to find each other", { timeout: 60_000 }, async () => {
  const server = await start("server", [
    "directory.serve=127.84.5.1:8080",
    "directory.max-peers=10",
  ]).serving();
  const alice = start("alice", ["whisper.listen=127.84.5.2:55555", `directory.url=${URL}`]);
  await alice.said(/directory: http:\/\/127\.84\.5\.1:8080: registered/);
  const bob = start("bob", ["whisper.listen=127.84.5.3:55555", `directory.url=${URL}`]);
  await bob.said(/linked with 127\.84\.5\.2:55555/);
  await alice.said(/linked with 127\.84\.5\.3:55555/);
  const { client, close } = await bob.connect();
  const { directories } = await client.directory.getDirectory({});
  close();
  const [asked] = directories;
  assert.deepEqual(
    [asked!.state, asked!.address, asked!.original],
    ["registered", "127.84.5.3:55555", false],
  );
  const ids = idsOf((await post(`${URL}/list`)).body);
  assert.equal(ids.length, 2);
  assert.equal((await post(`${URL}/leave`, asked!.id)).status, 403, "what is signed goes only by its key");
  await bob.end("SIGTERM");
  assert.deepEqual(
    idsOf((await post(`${URL}/list`)).body),
    ids.filter((id) => id !== asked!.id),
  );
  // A killed one is still there; its registration expires.
  await alice.end("SIGKILL");
  assert.equal(idsOf((await post(`${URL}/list`)).body).length, 1);
  await server.end("SIGTERM");
});
