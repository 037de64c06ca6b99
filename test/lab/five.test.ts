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
import { openLab } from "#lab/lab.ts";
import { processLives } from "#lab/process-lives.ts";
import { completeAt } from "#prompt/completion.ts";
import { execute } from "#prompt/session.ts";
import { commandTree } from "#prompt/tree.ts";
import { labFolder, NAMES, ROOT, RunningProgram, until } from "./helpers.ts";

const PARLEY = join(ROOT, "bin/parley");

suite("A lab of five peers", { concurrency: 3, timeout: 60_000 }, () => {
  test("starts, prints its state and how to attach, and SIGTERM ends everything.", async () => {
    await using folder = await labFolder();
    await using lab = await startLab(folder.path);
    const first = lab.output.split("\n")[0]!;
    assert.match(first, /^five peers are linked: bob, alice, carol, dave, erin \(20 links, \d+\.\d s\)$/);
    const { pids, sockets } = readAttachLines(lab.output);
    assert.equal(new Set(pids).size, 5);
    assert(pids.every(processLives));
    assert.equal(sockets.length, 5);
    const place = dirname(sockets[0]!);
    lab.child.kill("SIGTERM");
    assert.equal(await lab.ended, 0);
    assert.equal(lab.errors, "");
    assert.deepEqual(pids.filter(processLives), []);
    assert(!existsSync(place));
  });

  test("carries what one says to all, loses who is stopped and finds who is started.", async () => {
    await using folder = await labFolder();
    const lab = await openLab(folder.path);
    try {
      assert.deepEqual(await lab.whenLinked(10_000), { count: 20, missing: [] });
      const sockets = lab.nodes().map(({ socket }) => socket);
      await say(sockets[2]!, "hello from carol");
      for (const socket of sockets) await untilHeard(socket, "hello from carol");

      const tree = commandTree(labCommands(lab));
      const stopped = await execute(tree, "lab stop alice");
      assert.deepEqual([stopped.output, stopped.message], ["alice has stopped\n", undefined]);
      assert.deepEqual(
        lab.nodes().map(({ state }) => state),
        ["running", "stopped", "running", "running", "running"],
      );
      const alice = `127.0.0.1:${folder.ports[1]!}`;
      for (const [i, socket] of sockets.entries()) {
        if (i !== 1)
          await until(
            async () => !(await linkedTo(socket)).includes(alice),
            () => `${NAMES[i]!} loses alice`,
          );
      }
      assert.deepEqual(await lab.whenLinked(10_000), { count: 12, missing: [] });

      const again = await execute(tree, "lab stop alice");
      assert.equal(again.message, "alice is not running; lab start alice starts it");
      const started = await execute(tree, "lab start alice");
      assert.deepEqual([started.output, started.message], ["alice is up, everyone is linked\n", undefined]);
      assert.deepEqual(await lab.whenLinked(10_000), { count: 20, missing: [] });
      await say(sockets[1]!, "alice is back");
      for (const socket of sockets) await untilHeard(socket, "alice is back");
    } finally {
      await lab.close();
    }
    assert(!existsSync(lab.folder));
  });

  test("names its nodes in completion and help, and says what does not fit.", async () => {
    await using folder = await labFolder();
    const lab = await openLab(folder.path);
    try {
      const tree = commandTree(labCommands(lab));
      assert.equal((await completeAt(tree, "lab stop al")).text, "alice ");
      const { output } = await execute(tree, "lab stop ?");
      for (const name of NAMES) assert.match(output, new RegExp(`^\\s*${name}\\s+running$`, "m"));
      const unknown = await execute(tree, "lab stop phil");
      assert.equal(unknown.message, 'there is no node "phil"; the nodes are bob, alice, carol, dave, erin');
      const running = await execute(tree, "lab start bob");
      assert.equal(running.message, "bob is running already; lab stop bob stops it");

      process.kill(lab.nodes()[4]!.pid!, "SIGKILL");
      await until(
        () => lab.nodes()[4]!.state === "failed",
        () => "erin is seen to have failed",
      );
      const { output: status } = await execute(tree, "lab status");
      assert.match(status, /^erin +failed: was ended by SIGKILL/m);
      assert.match(status, /^bob +running +127\.0\.0\.1:\d+ +\d+ +\/.*bob\.sock$/m);
    } finally {
      await lab.close();
    }
  });

  test("leaves no daemon when it is killed, and the next lab removes its folder.", async () => {
    await using folder = await labFolder();
    const lab = await startLab(folder.path);
    const { pids, sockets } = readAttachLines(lab.output);
    lab.child.kill("SIGKILL");
    await lab.ended;
    await until(
      () => !pids.some(processLives),
      () => `${pids.filter(processLives).join()} end by themselves`,
    );
    const place = dirname(sockets[0]!);
    assert(existsSync(place));
    const next = await openLab(folder.path);
    await next.close();
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
    assert.match(lab.errors, new RegExp(`^parley: dave: [^\\n]*${port}[^\\n]*; [^\\n]+\\n$`));
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
    () => lab.output.endsWith("stops all.\n") || !lab.running,
    () => `the lab is up\n${lab.output}${lab.errors}`,
    30_000,
  );
  assert(lab.running, lab.errors);
  return lab;
}

function readAttachLines(output: string): { pids: number[]; sockets: string[] } {
  const lines = [...output.matchAll(/--socket (\S+) +# .*process (\d+)$/gm)];
  return { pids: lines.map((line) => Number(line[2])), sockets: lines.map((line) => line[1]!) };
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
