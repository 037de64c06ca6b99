import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isLeftOut, missingProgram } from "../left-out.ts";
import { GO_CACHE } from "../membership/nodes.ts";
import { DirectoryDaemon, post } from "./daemon.ts";

const URL = "http://127.84.2.1:8080";
const PLAIN = "text/plain; charset=utf-8";
const folder = mkdtempSync(join(tmpdir(), "parley-directory-"));
let daemon: DirectoryDaemon;

before(async () => {
  daemon = await new DirectoryDaemon(folder, "server", ["directory.serve=127.84.2.1:8080"]).serving();
});
after(async () => {
  await daemon.end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

const config = (peers: number, most = 2, refill = 2) =>
  `"Config":{"maxpeers":${most},"minrefillcandidates":${refill},"numpeers":${peers}}`;
const entry = (id: string, name: string, ip: string, port: string, status: string, timestamp: string) =>
  `"${id}":{"id":"${id}","name":"${name}","ip":"${ip}","port":"${port}","protocol":"tcp","status":"${status}","timestamp":"${timestamp}"}`;

async function answers(path: string, body: string, expected: string): Promise<void> {
  assert.deepEqual(
    await post(`${URL}${path}`, body),
    { status: 200, contentType: PLAIN, body: expected },
    path,
  );
}

test("the original's clients join, are refilled, leave and reset, in their words", async () => {
  await answers("/ping", "", "OK");
  await answers("/list", "", `{${config(0)},"Peers":{}}`);
  const alice = entry("uuid1", "alice", "127.0.0.1", "22365", "0", "1557509975");
  await answers("/join", "uuid1 alice 127.0.0.1 22365 tcp 0 1557509975", `{${config(1)},"Peers":{${alice}}}`);
  const bob = entry("uuid2", "bob", "127.0.0.2", "22366", "0", "1557509977");
  const both = `{${config(2)},"Peers":{${alice},${bob}}}`;
  await answers("/join", "uuid2 bob 127.0.0.2 22366 tcp 0 1557509977", both);
  await answers("/join", "uuid3 carol 127.0.0.3 22367 tcp 0 1557509979", both);
  // The original's Refill leaves the status empty: two spaces. Carol is younger than both, dave older than bob.
  await answers("/refill", "uuid3 carol 127.0.0.3 22367 tcp  1557509979", both);
  const dave = entry("uuid4", "dave", "127.0.0.4", "22368", "", "1557509976");
  const refilled = `{${config(2)},"Peers":{${alice},${dave}}}`;
  await answers("/refill", "uuid4 dave 127.0.0.4 22368 tcp  1557509976", refilled);
  await answers("/leave", "uuid2", refilled);
  await answers("/leave", "uuid4", `{${config(1)},"Peers":{${alice}}}`);
  await answers("/config", "3 1", `{${config(1, 3, 1)},"Peers":{${alice}}}`);
  await answers("/reset", "", `{${config(0, 3, 1)},"Peers":{}}`);
  await answers("/config", "2 2", `{${config(0)},"Peers":{}}`);
});

test("what the original refuses is refused in its words", async () => {
  const refused = async (path: string, body: string, status: number, text: string) =>
    assert.deepEqual(
      await post(`${URL}${path}`, body),
      { status, contentType: PLAIN, body: `${text}\n` },
      path,
    );
  await refused("/join", "uuid1 alice 127.0.0.1", 500, "error: request has not enough arguments");
  await refused("/refill", "", 500, "error: request has not enough arguments");
  await refused("/config", "3", 500, "error: request has not enough arguments");
  await refused("/config", "many 1", 500, 'first argument "many" is not a number');
  await refused("/config", "3 some", 500, 'second argument "some" is not a number');
  await refused("/elsewhere", "", 404, "404 page not found");
});

test("curl's GET works where the original's comments use it", async () => {
  for (const [path, expected] of [
    ["/ping", "OK"],
    ["/list", `{${config(0)},"Peers":{}}`],
  ] as const) {
    const answer = await fetch(`${URL}${path}`);
    assert.deepEqual([answer.status, await answer.text()], [200, expected]);
  }
});

test(
  "a Go client that is made as the original's API package is understood, and understands",
  { timeout: 120_000 },
  async (t) => {
    if (isLeftOut(t, missingProgram(["go"]))) return;
    const source = fileURLToPath(new globalThis.URL("client/main.go", import.meta.url));
    const program = join(folder, "client");
    const env = { ...process.env, GOCACHE: GO_CACHE, GO111MODULE: "off", GOFLAGS: "" };
    execFileSync("go", ["build", "-o", program, source], { env, timeout: 110_000 });
    const orders = [
      ":ping",
      "alice:join:10",
      "bob:join:20",
      "carol:join:1",
      "carol:refill:1",
      "dave:refill:30",
      "alice:leave",
      ":config:3 1",
      "dave:refill:30",
      ":list",
      ":reset",
      ":config:2 2",
    ];
    const { stdout } = await promisify(execFile)(program, [URL, ...orders]);
    assert.deepEqual(stdout.trim().split("\n"), [
      ":ping OK",
      "alice:join:10 1/2/2 alice@10",
      "bob:join:20 2/2/2 alice@10 bob@20",
      "carol:join:1 2/2/2 alice@10 bob@20",
      "carol:refill:1 2/2/2 alice@10 carol@1",
      "dave:refill:30 2/2/2 alice@10 carol@1",
      "alice:leave 1/2/2 carol@1",
      ":config:3 1 1/3/1 carol@1",
      "dave:refill:30 2/3/1 carol@1 dave@30",
      ":list 2/3/1 carol@1 dave@30",
      ":reset 0/3/1 ",
      ":config:2 2 0/2/2",
    ]);
  },
);
