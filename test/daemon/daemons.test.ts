import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connectTo, type ParleyConnection } from "#api/client.ts";
import { seededRandom } from "#base/random.ts";
import { parseRecording, replay } from "#machine/record.ts";
import type { WhisperSetup } from "#whisper/io.ts";
import { Whisper } from "#whisper/whisper.ts";

const PARLEYD = fileURLToPath(new URL("../../bin/parleyd", import.meta.url));
let folder: string;
const running: DaemonProcess[] = [];

before(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-daemons-"));
});

after(async () => {
  await Promise.all(running.map((daemon) => daemon.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** A real parleyd and what it printed. */
class DaemonProcess {
  readonly socket: string;
  readonly child: ChildProcess;
  output = "";
  errors = "";

  constructor(name: string, settings: readonly string[], args: readonly string[] = []) {
    this.socket = join(folder, `${name}.sock`);
    const all = [
      `node.name=${name}`,
      `node.data=${join(folder, name)}`,
      `api.socket=${this.socket}`,
      ...settings,
    ];
    this.child = spawn(PARLEYD, [...args, ...all.flatMap((each) => ["-s", each])], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout!.on("data", (data) => (this.output += data));
    this.child.stderr!.on("data", (data) => (this.errors += data));
    running.push(this);
  }

  /** The address it listens on, once it does. */
  async listening(): Promise<string> {
    await until(() => /listening on \S+/.test(this.output) || this.child.exitCode !== null, "listening");
    return /listening on (\S+)/.exec(this.output)![1]!;
  }

  connect(): Promise<ParleyConnection> {
    return connectTo({ socket: this.socket });
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode;
  }

  async stop(): Promise<number | null> {
    this.child.kill("SIGTERM");
    return this.ended();
  }
}

async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + 15_000; !(await done());) {
    assert.ok(performance.now() < end, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function client(address: string): Promise<Socket> {
  const socket = connect(Number(address.split(":").at(-1)), "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {});
  return socket;
}

async function bodies({ client: parley }: ParleyConnection): Promise<string[]> {
  return (await parley.whisper.listMessages({ limit: 0 })).messages.map(({ body }) => body);
}

/** As the original writes it. */
function original(id: string, body: string): string {
  return `{"ID":"${id}","Addr":"","Body":"${body}","omitempty":"alice","Timestamp":1795219132}\n`;
}

test("what a client of the original says reaches two linked daemons exactly once, however it is cut", async () => {
  const a = new DaemonProcess("a", [
    "whisper.listen=127.0.0.1:0",
    `node.recordings=${join(folder, "recordings")}`,
  ]);
  const addressA = await a.listening();
  const b = new DaemonProcess("b", ["whisper.listen=127.0.0.1:0", `peers=["${addressA}"]`]);
  await b.listening();
  const [atA, atB] = [await a.connect(), await b.connect()];
  const linked = async ({ client: parley }: ParleyConnection) =>
    (await parley.whisper.listPeers({})).peers.some(({ outSince, inSince }) => outSince && inSince);
  await until(async () => (await linked(atA)) && (await linked(atB)), "both linked");
  const raw = await client(addressA);
  for (const byte of original("45c58a9938a5d141", "byte by byte")) raw.write(byte);
  raw.write(original("1", "first of two") + original("2", "second of two").trimEnd());
  raw.write(`{"Extra":[{"x":1}],"ID":"3","Body":"unknown keys","FileType":"image/gif"} \r\n\t`);
  raw.write(original("4", "x".repeat(1_000_000)));
  raw.write(`null {"ID":"5"} {"ID":"6","Body":""} {"ID":"7","Body":"/hidden"}`);
  raw.write(original("1", "first of two"));
  raw.write(original("8", "the last one"));
  const wanted = [
    "byte by byte",
    "first of two",
    "second of two",
    "unknown keys",
    "x".repeat(1_000_000),
    "the last one",
  ];
  for (const at of [atA, atB]) {
    await until(async () => (await bodies(at)).includes("the last one"), "the last message");
    assert.deepEqual(await bodies(at), wanted);
  }
  const malformed = await client(addressA);
  const closed = once(malformed, "close");
  malformed.write(`${original("9", "before the mistake")}{"ID":"10","Body":}`);
  malformed.resume();
  await closed;
  raw.write(original("11", "others go on"));
  await until(async () => (await bodies(atB)).includes("others go on"), "the message after");
  assert.ok((await bodies(atB)).includes("before the mistake"));
  raw.destroy();
  for (const at of [atA, atB]) at.close();
  assert.deepEqual([await a.stop(), await b.stop()], [0, 0]);
  const [file] = readdirSync(join(folder, "recordings"));
  const { header, steps } = parseRecording(readFileSync(join(folder, "recordings", file!), "utf8"));
  const { setup, random } = header.setup as { readonly setup: WhisperSetup; readonly random: string };
  assert.ok(steps.length > 20);
  assert.equal(replay(new Whisper(setup, seededRandom(random)), steps), undefined);
});

test("a peer of the original hears hello with our address, then what is said; one that never reads delays nobody", async () => {
  const heard = createServer();
  const deaf = createServer({ pauseOnConnect: true });
  for (const server of [heard, deaf]) await once(server.listen(0, "127.0.0.1"), "listening");
  let text = "";
  const sockets: Socket[] = [];
  heard.on("connection", (socket) => socket.on("data", (data) => (text += data)) && sockets.push(socket));
  deaf.on("connection", (socket) => sockets.push(socket));
  const places = [heard, deaf].map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  const daemon = new DaemonProcess("c", [
    "whisper.listen=127.0.0.1:0",
    "whisper.nick=carol",
    `peers=${JSON.stringify(places)}`,
  ]);
  const address = await daemon.listening();
  const at = await daemon.connect();
  await until(() => text.includes("\n"), "hello");
  const hello = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual(
    [hello.Addr, hello.Body, hello.omitempty, hello.Nick],
    [address, "/hello", "carol", "carol"],
  );
  const raw = await client(address);
  const begin = performance.now();
  for (let i = 0; i < 60; i++) raw.write(original(`big${i}`, `${i} ${"y".repeat(500_000)}`));
  await until(() => text.includes('"big59"'), "everything at the peer that reads");
  assert.ok(performance.now() - begin < 10_000);
  const { peers } = await at.client.whisper.listPeers({});
  const stuck = peers.find((peer) => peer.address === places[1])!;
  assert.ok(
    stuck.queuedMessages > 0 && stuck.queuedBytes <= 17n * 1024n * 1024n,
    `${stuck.queuedBytes} bytes wait`,
  );
  raw.destroy();
  for (const socket of sockets) socket.destroy();
  for (const server of [heard, deaf]) server.close();
  at.close();
  assert.equal(await daemon.stop(), 0);
});

test("a changed file restarts only what changed, and a bad one leaves everything as it was and says where", async () => {
  const file = join(folder, "reload.yaml");
  writeFileSync(file, "peers: []\nwhisper: { listen: 127.0.0.1:0, nick: one }\n");
  const daemon = new DaemonProcess("d", [], ["-c", file]);
  const address = await daemon.listening();
  const at = await daemon.connect();
  writeFileSync(file, `peers: ["127.0.0.1:1"]\nwhisper: { listen: 127.0.0.1:0, nick: one }\n`);
  await until(() => daemon.output.includes("changed: peers"), "the new peers");
  const view = await at.client.whisper.listPeers({});
  assert.equal(view.address, address); // whisper was not restarted: its port of chance is the same
  assert.deepEqual(
    view.peers.map((peer) => peer.address),
    ["127.0.0.1:1"],
  );
  writeFileSync(file, "whisper: { listen: nonsense }\n");
  await until(() => daemon.output.includes("the configuration stays as it was"), "the refusal");
  assert.match(daemon.output, /reload\.yaml:1:20: whisper\.listen: expected an IP address and a port/);
  assert.equal((await at.client.whisper.listPeers({})).address, address);
  writeFileSync(file, `peers: []\nwhisper: { listen: 127.0.0.1:0, nick: two }\n`);
  await until(async () => {
    const now = await at.client.whisper.listPeers({}).catch(() => undefined);
    return now?.nick === "two";
  }, "the new nick");
  const { services } = await at.client.node.listServices({});
  assert.deepEqual(
    services.map(({ name, restarts }) => [name, restarts]),
    [
      ["api", 0],
      ["identity", 0],
      ["links", 0],
      ["peers", 0],
      ["whisper", 0],
    ],
  );
  assert.doesNotMatch(daemon.output, /^debug:/m);
  writeFileSync(
    file,
    `node: { log: { node: debug } }\npeers: []\nwhisper: { listen: 127.0.0.1:0, nick: three }\n`,
  );
  await until(() => daemon.output.includes("debug: service whisper is running"), "debug lines of the node");
  at.close();
  assert.equal(await daemon.stop(), 0);
});

test("what an operator must mend is one line with its remedy, and the exit status says so", async () => {
  const first = new DaemonProcess("e", ["whisper.listen=127.0.0.1:0"]);
  const address = await first.listening();
  writeFileSync(join(folder, "plain"), "not a socket");
  writeFileSync(join(folder, "bad.yaml"), "whisper: [\n");
  writeFileSync(join(folder, "good.yaml"), "{}\n");
  const cases: readonly [string, readonly string[], readonly string[], number, RegExp][] = [
    ["f1", [`whisper.listen=${address}`], [], 1, /in use; stop what uses it/],
    ["f2", [`api.socket=${first.socket}`], [], 1, /another parleyd answers on .*; stop that one/],
    ["f3", [`api.socket=${join(folder, "plain")}`], [], 1, /plain.*; /],
    ["f4", [`node.data=${join(folder, "e")}`], [], 1, /another parleyd uses the data folder .*; stop it/],
    ["f5", [], ["-c", join(folder, "bad.yaml")], 1, /bad\.yaml:\d+:\d+: .*; /],
    ["f6", [], ["-c", join(folder, "good.yaml"), "-p", "nobody"], 1, /nobody.*; /],
    ["f7", ["whisper.listne=1"], [], 1, /listne.*did you mean listen/],
    ["f8", [], ["--bogus"], 2, /--bogus.*; see parleyd --help/],
  ];
  for (const [name, settings, args, status, line] of cases) {
    const daemon = new DaemonProcess(name, settings, args);
    assert.equal(await daemon.ended(), status, `${name}: ${daemon.errors}`);
    await until(() => daemon.errors.endsWith("\n"), "the line");
    assert.match(daemon.errors, line);
    assert.equal(daemon.errors.trimEnd().split("\n").length, 1, daemon.errors);
    assert.doesNotMatch(daemon.errors + daemon.output, / at .*\.ts:\d+/);
  }
  assert.equal(readFileSync(join(folder, "plain"), "utf8"), "not a socket");
  assert.equal(statSync(first.socket).mode & 0o777, 0o600);
  first.child.kill("SIGKILL");
  await first.ended();
  const next = new DaemonProcess("e", ["whisper.listen=127.0.0.1:0"]);
  await next.listening(); // the stale socket and the lock of the killed one are no obstacle
  assert.equal(await next.stop(), 0);
});

test("an end that is asked for while services start is in order, too", async () => {
  const daemon = new DaemonProcess("early", ["whisper.listen=127.0.0.1:0"]);
  await until(() => daemon.output.includes("Starting parleyd"), "the first line");
  assert.equal(await daemon.stop(), 0);
  assert.match(daemon.output, /received SIGTERM/);
});
