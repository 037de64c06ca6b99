import assert from "node:assert/strict";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryFolder } from "#api/test-server.ts";
import { listenOnSocket, SOCKET_PATH_BYTES } from "#api/unix-socket.ts";
import { OperatorError } from "#base/operator-error.ts";

test("the socket is for its owner alone, as is the folder made for it, and the umask is as before", async (test) => {
  const before = process.umask();
  const path = join(temporaryFolder(test), "new", "parleyd.sock");
  await listening(test, path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  assert.equal(process.umask(), before);
  assert.deepEqual(readdirSync(dirname(path)), ["parleyd.sock"]);
  assert.equal(await answers(path), true);
});

test("a folder that exists keeps its permissions", async (test) => {
  const folder = join(temporaryFolder(test), "shared");
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  await listening(test, join(folder, "parleyd.sock"));
  assert.equal(statSync(folder).mode & 0o777, 0o755);
});

test("a socket that nobody listens on is replaced", async (test) => {
  const path = join(temporaryFolder(test), "parleyd.sock");
  await leaveStale(path);
  assert.equal(await answers(path), false);
  await listening(test, path);
  assert.equal(await answers(path), true);
  assert.deepEqual(readdirSync(dirname(path)), ["parleyd.sock"]);
});

test("a socket on which another daemon answers is left to it", async (test) => {
  const path = join(temporaryFolder(test), "parleyd.sock");
  await listening(test, path);
  const inode = statSync(path).ino;
  await assert.rejects(listening(test, path), (error) => {
    assert.ok(error instanceof OperatorError);
    assert.equal(error.message, `another parleyd answers on ${path}`);
    assert.match(error.remedy, /choose another api\.socket/);
    return true;
  });
  assert.equal(statSync(path).ino, inode);
  assert.deepEqual(readdirSync(dirname(path)), ["parleyd.sock"]);
});

test("of many that start at once on a stale socket exactly one has it, and the others say so", async (test) => {
  for (let round = 0; round < 10; round++) {
    const path = join(temporaryFolder(test), "parleyd.sock");
    await leaveStale(path);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => listening(test, path)));
    const failures = results
      .filter((result) => result.status === "rejected")
      .map(({ reason }) => reason.message);
    assert.deepEqual(failures, Array(7).fill(`another parleyd answers on ${path}`));
    assert.equal(await answers(path), true);
    assert.deepEqual(readdirSync(dirname(path)), ["parleyd.sock"]);
  }
});

test("what is no socket is never deleted", async (test) => {
  const path = join(temporaryFolder(test), "notes.txt");
  writeFileSync(path, "mine");
  await assert.rejects(listening(test, path), {
    name: "OperatorError",
    message: `${path} is there and is no socket`,
  });
  assert.equal(readFileSync(path, "utf8"), "mine");
});

test("a path that is too long, or whose folder cannot be made, is refused with the remedy", async (test) => {
  const folder = temporaryFolder(test);
  const long = join(folder, "x".repeat(SOCKET_PATH_BYTES - folder.length));
  await assert.rejects(listening(test, long), {
    name: "OperatorError",
    message: `${long} is too long for a socket`,
  });
  const longest = join(folder, "x".repeat(SOCKET_PATH_BYTES - folder.length - 1));
  await listening(test, longest);
  assert.equal(await answers(longest), true);

  writeFileSync(join(folder, "file"), "");
  const below = join(folder, "file", "parleyd.sock");
  await assert.rejects(listening(test, below), {
    name: "OperatorError",
    message: /^cannot open the socket .*: (its|a part)/,
  });
  assert.deepEqual(readdirSync(folder).sort(), ["file", longest.slice(folder.length + 1)].sort());
});

test("releasing removes the own socket, and not the one of another daemon that has come in its place", async (test) => {
  const path = join(temporaryFolder(test), "parleyd.sock");
  const first = await listening(test, path);
  unlinkSync(path);
  const second = await listening(test, path);
  first.release();
  first.server.close();
  await once(first.server, "close");
  assert.equal(await answers(path), true);
  second.release();
  assert.equal(existsSync(path), false);
  second.release();
});

async function listening(test: TestContext, path: string): Promise<{ server: Server; release: () => void }> {
  const server = createServer((socket) => socket.end());
  test.after(() => server.close());
  return { server, release: await listenOnSocket(server, path) };
}

/** A socket file as a killed daemon leaves it. */
async function leaveStale(path: string): Promise<void> {
  const server = createServer().listen(`${path}.once`);
  await once(server, "listening");
  linkSync(`${path}.once`, path);
  server.close(); // removes the name that it was bound to
  await once(server, "close");
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
