import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { connectTo } from "#api/client.ts";
import { labCommands } from "#cli/lab-commands.ts";
import { Lab } from "#lab/lab.ts";
import { completeAt } from "#prompt/completion.ts";
import { execute } from "#prompt/session.ts";
import { commandTree } from "#prompt/tree.ts";
import { labFolder, NAMES, processesWith, ROOT, RunningProgram, until } from "./helpers.ts";

const PARLEY = join(ROOT, "bin/parley");

suite("A lab of five peers", { concurrency: 3, timeout: 60_000 }, () => {
  test("starts, prints its state and how to attach, and SIGTERM ends everything.", async () => {
    await using folder = await labFolder();
    await using lab = await startLab(folder.path);
    const first = lab.output.split("\n")[0]!;
    assert.match(first, /^5 peers are linked \(20 links, \d+\.\d s\): bob, alice, carol, dave, erin$/);
    const place = placeOf(lab);
    assert.equal((await processesWith(place)).length, 5);
    lab.child.kill("SIGTERM");
    assert.deepEqual([await lab.ended, lab.errors], [0, ""]);
    assert.deepEqual(await processesWith(place), []);
    assert(!existsSync(place));
  });

  test("carries what one says to all, loses who is stopped and finds who is started.", async () => {
    await using folder = await labFolder();
    await using lab = await openLab(folder.path);
    assert.equal(await lab.whenLinked(10_000), 20);
    const sockets = lab.nodes.map(({ socket }) => socket);
    await say(sockets[2]!, "hello from carol");
    for (const socket of sockets) await untilHeard(socket, "hello from carol");

    const tree = commandTree(labCommands(lab));
    const stopped = await execute(tree, "lab stop alice");
    assert.deepEqual([stopped.output, stopped.message], ["alice has stopped\n", undefined]);
    assert.deepEqual(
      lab.nodes.map(({ state }) => state),
      ["running", "stopped", "running", "running", "running"],
    );
    const alice = `127.0.0.1:${folder.ports[1]!}`;
    for (const [i, socket] of sockets.entries()) {
      if (i === 1) continue;
      await until(
        async () => !(await linkedTo(socket)).includes(alice),
        () => `${NAMES[i]!} loses alice`,
      );
    }
    assert.equal(await lab.whenLinked(10_000), 12);

    const started = await execute(tree, "lab start alice");
    assert.deepEqual([started.output, started.message], ["alice is up, everyone is linked\n", undefined]);
    assert.equal(await lab.whenLinked(10_000), 20);
    await say(sockets[1]!, "alice is back");
    for (const socket of sockets) await untilHeard(socket, "alice is back");
    await lab.close();
    assert(!existsSync(dirname(sockets[0]!)));
  });

  test("names its nodes in completion and help, and says what does not fit.", async () => {
    await using folder = await labFolder();
    await using lab = await openLab(folder.path);
    const tree = commandTree(labCommands(lab));
    assert.equal((await completeAt(tree, "lab stop al")).text, "alice ");
    const { output } = await execute(tree, "lab stop ?");
    for (const name of NAMES) assert.match(output, new RegExp(`^\\s*${name}\\s+running$`, "m"));
    const unknown = await execute(tree, "lab stop phil");
    assert.equal(unknown.message, "there is no node phil; the nodes are bob, alice, carol, dave, erin");
    const running = await execute(tree, "lab start bob");
    assert.equal(running.message, "bob is running; stop it first: lab stop bob");

    for (const pid of await processesWith(`api.socket=${lab.nodes[4]!.socket}`)) {
      process.kill(Number(pid), "SIGKILL");
    }
    await until(
      () => lab.nodes[4]!.state === "failed",
      () => "erin is seen to have failed",
    );
    const { output: status } = await execute(tree, "lab status");
    assert.match(status, /^erin +failed/m);
    assert.match(status, /^bob +running +\/.*bob\.sock/m);
    const again = await execute(tree, "lab start erin");
    assert.deepEqual([again.output, again.message], ["erin is up, everyone is linked\n", undefined]);
  });

  test("leaves no daemon when it is killed, and the next lab removes its folder.", async () => {
    await using folder = await labFolder();
    await using lab = await startLab(folder.path);
    const place = placeOf(lab);
    lab.child.kill("SIGKILL");
    await lab.ended;
    await until(
      async () => (await processesWith(place)).length === 0,
      () => "the daemons end by themselves",
    );
    assert(existsSync(place));
    await (await Lab.prepare(folder.path)).close();
    assert(!existsSync(place));
  });

  test("says in one line that a port is taken, ends with status 1 and leaves nothing.", async () => {
    await using folder = await labFolder();
    await using temporary = await temporaryFolder();
    const server = createServer().listen(folder.ports[3]!, "127.0.0.1");
    await once(server, "listening");
    await using lab = new RunningProgram(PARLEY, ["lab", "up", folder.path], { TMPDIR: temporary.path });
    assert.equal(await lab.ended, 1);
    server.close();
    assert.equal(lab.output, "");
    const port = `127\\.0\\.0\\.1:${folder.ports[3]!}`;
    assert.match(lab.errors, new RegExp(`^parley: dave did not start: [^\\n]*${port}[^\\n]*; [^\\n]+\\n$`));
    assert.deepEqual(await readdir(temporary.path), []);
  });

  test("gives up in order when it is asked to stop while it starts.", async () => {
    await using folder = await labFolder();
    await using temporary = await temporaryFolder();
    await using lab = new RunningProgram(PARLEY, ["lab", "up", folder.path], { TMPDIR: temporary.path });
    await until(
      async () => (await readdir(temporary.path)).length > 0,
      () => "the lab makes its folder",
    );
    lab.child.kill("SIGTERM");
    assert.deepEqual([await lab.ended, lab.output, lab.errors], [0, "", ""]);
    assert.deepEqual(await readdir(temporary.path), []);
  });
});

/** The program, when it has printed its last line. */
async function startLab(path: string): Promise<RunningProgram> {
  const lab = new RunningProgram(PARLEY, ["lab", "up", path]);
  await until(
    () => /SIGTERM.*\n$/.test(lab.output) || !lab.running,
    () => `the lab is up\n${lab.output}${lab.errors}`,
    30_000,
  );
  assert(lab.running, lab.errors);
  return lab;
}

/** The lab's own folder. */
function placeOf(lab: RunningProgram): string {
  return dirname(/--socket (\S+)/.exec(lab.output)![1]!);
}

/** A lab in this process, linked, closed at the end of the test. */
async function openLab(path: string): Promise<Lab & AsyncDisposable> {
  const lab = await Lab.prepare(path);
  const disposable = Object.assign(lab, { [Symbol.asyncDispose]: () => lab.close() });
  try {
    await lab.startAll();
    return disposable;
  } catch (error) {
    await lab.close();
    throw error;
  }
}

async function say(socket: string, body: string): Promise<void> {
  const connection = await connectTo({ socket });
  await connection.client.whisper.say({ body });
  connection.close();
}

async function untilHeard(socket: string, body: string): Promise<void> {
  const connection = await connectTo({ socket });
  const heard = async (): Promise<number> =>
    (await connection.client.whisper.listMessages({})).messages.filter((message) => message.body === body)
      .length;
  try {
    await until(
      async () => (await heard()) > 0,
      () => `"${body}" reaches ${socket}`,
    );
    assert.equal(await heard(), 1);
  } finally {
    connection.close();
  }
}

async function linkedTo(socket: string): Promise<string[]> {
  const connection = await connectTo({ socket });
  const { peers } = await connection.client.whisper.listPeers({});
  connection.close();
  return peers.filter(({ outSince }) => outSince !== undefined).map(({ address }) => address);
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "lab-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
