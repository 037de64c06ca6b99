import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { connectTo } from "#api/client.ts";
import type { GetIdentityResponse } from "#api/gen/parley/v1/peers_pb.ts";

const PARLEYD = fileURLToPath(new URL("../../bin/parleyd", import.meta.url));
const FINGERPRINT = /identity: this node is ([a-z2-7-]{19})(, made now)?/;

/** A data folder, and real daemons that use it one after the other. */
class Node {
  readonly data: string;
  readonly #socket: string;
  #child: ChildProcess | undefined;
  output = "";
  errors = "";

  constructor(context: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), "parley-identity-"));
    this.data = join(folder, "data");
    this.#socket = join(folder, "s");
    mkdirSync(this.data);
    context.after(async () => {
      await this.end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    });
  }

  /** Resolves when it listens, or has ended. */
  async start(): Promise<void> {
    const settings = [
      `node.data=${this.data}`,
      `api.socket=${this.#socket}`,
      "node.name=bob",
      "whisper.listen=127.81.0.1:0",
    ];
    this.output = "";
    this.errors = "";
    const child = spawn(
      PARLEYD,
      settings.flatMap((each) => ["-s", each]),
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child = child;
    child.stderr!.on("data", (data) => (this.errors += data));
    const ended = once(child, "close");
    const listening = new Promise<void>((resolve) => {
      child.stdout!.on("data", (data) => {
        this.output += data;
        if (this.output.includes("listening on")) resolve();
      });
    });
    await Promise.race([listening, ended]);
  }

  /** How it ended. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, "exit");
    }
    return child.exitCode;
  }

  async identity(): Promise<GetIdentityResponse> {
    const { client, close } = await connectTo({ socket: this.#socket });
    try {
      return await client.peers.getIdentity({});
    } finally {
      close();
    }
  }
}

test("a node has the same key after it was killed, and never tells anything older than before", async (context) => {
  const node = new Node(context);
  await node.start();
  assert.equal(FINGERPRINT.exec(node.output)![2], ", made now");
  const first = await node.identity();
  assert.equal(first.fingerprint, FINGERPRINT.exec(node.output)![1]);
  const path = join(node.data, "identity.key");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const key = createPublicKey(createPrivateKey(readFileSync(path))).export({ format: "jwk" });
  assert.equal(Buffer.from(first.publicKey).toString("base64url"), key.x);
  await node.end("SIGKILL");
  await node.start();
  assert.deepEqual(FINGERPRINT.exec(node.output)!.slice(1), [first.fingerprint, undefined]);
  const second = await node.identity();
  assert.ok(second.sequence > first.sequence);
  assert.deepEqual(
    second.services.map(({ kind }) => kind),
    ["whisper"],
  );
  assert.equal(await node.end("SIGTERM"), 0);
  assert.equal(statSync(join(node.data, "peers.json")).mode & 0o777, 0o600);
});

test("a key that others may read, or that is damaged, ends the start with one line and its remedy", async (context) => {
  const node = new Node(context);
  await node.start();
  await node.end("SIGTERM");
  const path = join(node.data, "identity.key");
  const whole = readFileSync(path);
  chmodSync(path, 0o640);
  await node.start();
  assert.equal(await node.end("SIGTERM"), 1);
  assert.match(
    node.errors,
    /^parleyd: others than its owner may use .*\(mode 0640\); chmod 600 .*identity\.key; if [^\n]+\n$/,
  );
  chmodSync(path, 0o600);
  for (const damaged of ["", "nonsense\n", whole.subarray(0, 60)]) {
    writeFileSync(path, damaged);
    await node.start();
    assert.equal(await node.end("SIGTERM"), 1);
    assert.match(node.errors, /^parleyd: the node's key .* is damaged; put a copy of it back, [^\n]+\n$/);
  }
  writeFileSync(path, whole);
  await node.start();
  assert.match(node.output, FINGERPRINT);
  rmSync(path);
  mkdirSync(path);
  await node.end("SIGTERM");
  await node.start();
  assert.equal(await node.end("SIGTERM"), 1);
  assert.match(node.errors, /identity\.key is no file; move it away\n$/);
});

test("a peer book that cannot be read or written is warned of, and the node runs", async (context) => {
  const node = new Node(context);
  const path = join(node.data, "peers.json");
  writeFileSync(path, '{"version":1,"addresses":[{', { mode: 0o600 });
  await node.start();
  assert.match(node.output, /warn: peers: .*peers\.json is not used: it is no JSON; the book begins anew/);
  assert.equal(await node.end("SIGTERM"), 0);
  assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), { version: 1, addresses: [], identities: [] });
  rmSync(path);
  mkdirSync(path);
  await node.start();
  assert.match(node.output, /warn: peers: .*peers\.json is no file; move it away; the book begins anew/);
  assert.equal(await node.end("SIGTERM"), 0);
  assert.match(node.output, /warn: peers: the peer book is not saved: cannot write .*peers\.json: EISDIR/);
});
