import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { connect as connectHttp2, constants, type ClientHttp2Stream } from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { connectTo } from "#api/client.ts";
import { FakeControl } from "#api/fake-control.ts";
import { openApiServer } from "#api/server.ts";
import { startServer, temporaryFolder, TOKENS, until, type TestServer } from "#api/test-server.ts";
import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";

test("bytes that are no HTTP end their connection and nothing else", async (test) => {
  const server = await startServer(test);
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (const garbage of [
    "\0\0\0\0",
    "hello\r\n\r\n",
    "\x16\x03\x01\x02\0\x01\0",
    "PRI * HTTP/3.0\r\n\r\n",
    `${preface}garbage that is no frame`,
    `${preface}${"\xff".repeat(100)}`,
    `GET / HTTP/1.1\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
    "POST /parley.v1.NodeService/GetVersion HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  ]) {
    await closed(talk(server.socket, Buffer.from(garbage, "latin1")));
  }
  await works(server);
  assert.deepEqual(server.failures, []);
});

test("connections that break at any point leave nothing behind", async (test) => {
  const server = await startServer(test);
  const text =
    "POST /parley.v1.NodeService/Watch HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n\0\0\0\0\x02{}";
  for (let length = 0; length <= text.length; length += 7) {
    const socket = talk(length % 2 === 0 ? server.socket : server.listen, text.slice(0, length));
    await once(socket, "connect");
    if (length % 2 === 0) socket.destroy();
    else socket.resetAndDestroy();
  }
  await until(() => server.control.log.listeners === 0, "no one watches");
  await works(server);
});

test("a client that says nothing, or only begins to, is closed after a time", async (test) => {
  const server = await startServer(test, { firstBytesMs: 30 });
  await closed(connect(server.socket));
  await closed(talk(server.socket, "PRI * HT"));
  await works(server);
});

test("a client that ends its side before it says anything is closed at once", async (test) => {
  const server = await startServer(test);
  await closed(connect(server.socket).end());
  await closed(connect(server.socket).end("PRI"));
});

test("headers that never end and bodies that never come are given up, over HTTP/1.1", async (test) => {
  const server = await startServer(test, { headersMs: 40, requestMs: 60 });
  const start = "POST /parley.v1.WhisperService/Say HTTP/1.1\r\nHost: x\r\n";
  await closed(talk(server.socket, start));
  await closed(talk(server.socket, `${start}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{`));
  assert.deepEqual(server.control.asked, []);
});

test("a body that never comes is given up over HTTP/2, while a watch on the same connection stays", async (test) => {
  const server = await startServer(test, { requestMs: 60 });
  const session = connectHttp2("http://localhost", { createConnection: () => connect(server.socket) });
  test.after(() => session.destroy());
  const watch = session.request({
    ":method": "POST",
    ":path": "/parley.v1.NodeService/Watch",
    "content-type": "application/grpc+proto",
  });
  watch.end(Buffer.alloc(5));
  await once(watch, "data");
  const late = session.request({
    ":method": "POST",
    ":path": "/parley.v1.WhisperService/Say",
    "content-type": "application/grpc+proto",
  });
  late.on("error", () => {}).resume();
  await once(late, "close");
  assert.notEqual(late.rstCode, constants.NGHTTP2_NO_ERROR);
  server.control.log.publish({});
  await once(watch, "data");
  assert.deepEqual(server.control.asked, []);
});

test("connections on which nothing is asked are closed after a time, those with a watch are not", async (test) => {
  const server = await startServer(test, { idleMs: 40 });
  const open = () => {
    const session = connectHttp2("http://localhost", { createConnection: () => connect(server.socket) });
    test.after(() => session.destroy());
    return session;
  };
  const watching = open();
  const watch = watching.request({
    ":method": "POST",
    ":path": "/parley.v1.NodeService/Watch",
    "content-type": "application/grpc+proto",
  });
  watch.end(Buffer.alloc(5));
  await once(watch, "data");
  const idle = open();
  await once(idle, "close");
  assert.equal(watching.closed, false);
  server.control.log.publish({});
  await once(watch, "data");
  watch.close();
  await once(watching, "close");
});

test("a client that does not end its side after the server has ended the other is cut off", async (test) => {
  const server = await startServer(test, { idleMs: 20, closeMs: 30 });
  for (const said of [
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  ]) {
    const socket = connect({ path: server.socket, allowHalfOpen: true });
    socket
      .on("error", () => {})
      .resume()
      .write(said);
    await once(socket, "end");
    // Its own side is open still; that it is cut off shows only when it writes.
    while (!socket.destroyed) {
      socket.write("x");
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await works(server);
});

test("more connections than the limit are closed at once, and there is room again when one has gone", async (test) => {
  const server = await startServer(test, { connections: 2 });
  const first = connect(server.socket);
  const second = connect(server.socket);
  await Promise.all([once(first, "connect"), once(second, "connect")]);
  await closed(connect(server.socket));
  first.destroy();
  await once(first, "close");
  const room = async () => {
    for (;;) {
      const connection = await connectTo({ socket: server.socket }).catch(() => undefined);
      if (connection) return connection.close();
    }
  };
  await room();
  second.destroy();
});

test("a watcher that reads slowly is told how much it lost, and delays nobody", async (test) => {
  const server = await startServer(test, { watchEvents: 10 });
  const slow = await connectTo({ socket: server.socket });
  const prompt = await connectTo({ socket: server.socket });
  test.after(() => [slow, prompt].forEach(({ close }) => close()));
  const items = slow.client.node.watch({})[Symbol.asyncIterator]();
  assert.equal((await items.next()).value?.item.case, "started");
  const text = "x".repeat(10_000);
  for (let i = 0; i < 500; i++) {
    server.control.log.publish({ text });
    if (i % 50 === 0) await prompt.client.node.getVersion({});
  }
  const sequences: bigint[] = [];
  let lost = 0n;
  for (;;) {
    const { item } = (await items.next()).value!;
    if (item.case === "lost") lost += item.value;
    if (item.case === "event") sequences.push(item.value.sequence);
    if (item.case === "event" && item.value.sequence === 500n) break;
  }
  assert.ok(lost > 0n);
  assert.equal(BigInt(sequences.length) + lost, 500n);
  assert.deepEqual(
    sequences,
    sequences.toSorted((a, b) => Number(a - b)),
  );
});

test("closing ends streams of every protocol, removes the socket file and frees the port, within its limit", async (test) => {
  const server = await startServer(test);
  const session = connectHttp2(`http://${formatEndpoint(server.listen)}`);
  const headers = {
    ":method": "POST",
    "content-type": "application/grpc+proto",
    authorization: `Bearer ${TOKENS.read}`,
  };
  const watch = session.request({ ...headers, ":path": "/parley.v1.NodeService/Watch" });
  watch.end(Buffer.alloc(5));
  const reflection = session.request({
    ...headers,
    ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  });
  reflection.on("error", () => {}).write(Buffer.alloc(5));
  await Promise.all([once(watch, "data"), once(reflection, "data")]);
  const silent = connect(server.socket).on("error", () => {});
  await once(silent, "connect");
  const status = statusOf(watch);
  const before = performance.now();
  await server.api.close();
  assert.ok(performance.now() - before < 3_000);
  assert.equal(await status, "14");
  assert.equal(existsSync(server.socket), false);
  assert.deepEqual(readdirSync(dirname(server.socket)), []);
  assert.equal(server.control.log.listeners, 0);
  const again = await openApiServer({
    control: server.control,
    socket: server.socket,
    listen: server.listen,
    tokens: TOKENS,
  });
  assert.deepEqual(again.listen, server.listen);
  await again.close();
  await again.close();
  session.destroy();
});

test("a call that is being answered when the server closes gets its answer", async (test) => {
  const server = await startServer(test);
  const { client, close } = await connectTo({ socket: server.socket });
  test.after(close);
  const reload = Promise.withResolvers<readonly string[]>();
  server.control.reload = () => (started.resolve(), reload.promise);
  const started = Promise.withResolvers<void>();
  const answer = client.node.reload({});
  await started.promise;
  const closing = server.api.close();
  reload.resolve(["whisper"]);
  assert.deepEqual((await answer).changed, ["whisper"]);
  await closing;
});

test("the daemon may close the API while it answers the Shutdown that asked for it", async (test) => {
  const server = await startServer(test);
  const { client, close } = await connectTo({ socket: server.socket });
  test.after(close);
  const closing = Promise.withResolvers<void>();
  server.control.shutdown = () => closing.resolve(server.api.close());
  await client.node.shutdown({});
  await closing.promise;
});

test("a port that is taken, an address of another machine and a listener without tokens are refused, and nothing stays open", async (test) => {
  const socket = join(temporaryFolder(test), "parleyd.sock");
  const control = new FakeControl();
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  test.after(() => other.close());
  const { port } = other.address() as { port: number };
  const refused = async (host: string, tokens: { admin?: string }, message: RegExp, at = port) => {
    await assert.rejects(openApiServer({ control, socket, listen: { host, port: at }, tokens }), (error) => {
      assert.ok(error instanceof OperatorError);
      assert.match(error.message, message);
      assert.match(error.remedy, /api\.listen/);
      return true;
    });
    assert.equal(existsSync(socket), false);
  };
  await refused("127.0.0.1", TOKENS, /^127\.0\.0\.1:\d+ is in use$/);
  await refused("203.0.113.77", TOKENS, /is no address of this machine/);
  await refused("127.0.0.1", {}, /has no token/, 0);
  await refused("127.0.0.1", { admin: "" }, /has no token/, 0);
  await assert.rejects(
    openApiServer({ control, listen: { host: "127.0.0.1", port: 0 }, tokens: { read: "two words" } }),
    /HTTP cannot carry/,
  );
});

test("a second API on the same socket is refused and leaves the first alone", async (test) => {
  const server = await startServer(test);
  await assert.rejects(
    openApiServer({ control: new FakeControl(), socket: server.socket, tokens: {} }),
    /another parleyd answers/,
  );
  await works(server);
});

test("an API with neither socket nor listener opens nothing", async () => {
  const api = await openApiServer({ control: new FakeControl(), tokens: {} });
  assert.deepEqual([api.socket, api.listen], [undefined, undefined]);
  await api.close();
});

async function works(server: TestServer): Promise<void> {
  const connection = await connectTo({ socket: server.socket });
  assert.equal((await connection.client.node.getVersion({})).node, "bob");
  connection.close();
}

/** A connection that sends `bytes` and reads whatever comes. */
function talk(to: string | Endpoint, bytes: string | Uint8Array): Socket {
  const connection = typeof to === "string" ? connect(to) : connect(to.port, to.host);
  connection.on("error", () => {}).write(bytes);
  return connection.resume();
}

async function closed(socket: Socket): Promise<void> {
  socket.on("error", () => {}).resume();
  if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
}

/** The gRPC status in the trailers. */
async function statusOf(stream: ClientHttp2Stream): Promise<string | undefined> {
  const [trailers] = (await once(stream.resume(), "trailers")) as [Record<string, string>];
  return trailers["grpc-status"];
}
