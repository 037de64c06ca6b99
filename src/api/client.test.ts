import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectTo, type ApiTarget, type ParleyConnection } from "#api/client.ts";
import { ALICE } from "#api/fake-control.ts";
import { ServiceState } from "#api/gen/parley/v1/node_pb.ts";
import { PeerState } from "#api/gen/parley/v1/whisper_pb.ts";
import { startServer, temporaryFolder, TOKENS, until, type TestServer } from "#api/test-server.ts";
import { formatEndpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";

for (const by of ["Unix socket", "TCP"] as const) {
  test(`every method works over ${by}`, async (test) => {
    const server = await startServer(test);
    await everyMethod(await connected(test, targetOf(server, by)), server);
  });

  test(`errors keep their code and their remedy over ${by}`, async (test) => {
    const server = await startServer(test);
    await everyRefusal(await connected(test, targetOf(server, by)), server);
  });

  test(`a watch runs beside other calls over ${by}, until it is left`, async (test) => {
    const server = await startServer(test);
    const { client } = await connected(test, targetOf(server, by));
    server.control.log.publish({ text: "before" });
    const seen: string[] = [];
    for await (const { item } of client.node.watch({ after: 0n })) {
      if (item.case === "started") await client.whisper.say({ body: "hello" });
      if (item.case === "event") seen.push(item.value.text);
      if (seen.length === 1) server.control.log.publish({ text: "after" });
      if (seen.length === 2) break;
    }
    assert.deepEqual(seen, ["before", "after"]);
    await until(() => server.control.log.listeners === 0, "the server has noticed");
    assert.equal((await client.node.getVersion({})).node, "bob");
  });
}

async function everyMethod({ client, description, version }: ParleyConnection, { control }: TestServer) {
  assert.equal(description, "parleyd v0.1.0 (2871e53; dirty)");
  assert.deepEqual(await client.node.getVersion({}), version);
  const { services } = await client.node.listServices({});
  assert.deepEqual(
    services.map(({ name, state }) => [name, state]),
    [
      ["links", ServiceState.RUNNING],
      ["whisper", ServiceState.RUNNING],
    ],
  );
  await client.node.restartService({ name: "whisper" });
  assert.match((await client.node.getConfiguration({})).yaml, /nick: bob/);
  assert.deepEqual((await client.node.reload({})).changed, ["whisper"]);
  for (let i = 0; i < 5; i++) control.log.publish({ level: i % 2 === 0 ? "info" : "error" });
  const sequences = async (request: Parameters<typeof client.node.listEvents>[0]) =>
    (await client.node.listEvents(request)).events.map(({ sequence }) => Number(sequence));
  assert.deepEqual(await sequences({}), [1, 2, 3, 4, 5]);
  assert.deepEqual(await sequences({ limit: 2 }), [4, 5]);
  assert.deepEqual(await sequences({ level: 4 }), [2, 4]);
  assert.deepEqual(await sequences({ services: ["ospf"] }), []);

  const { address, nick, peers } = await client.whisper.listPeers({});
  assert.deepEqual([address, nick, peers[0]?.state], ["192.0.2.1:55555", "bob", PeerState.LINKED]);
  assert.equal((await client.whisper.getPeer({ address: ALICE })).peer?.sentMessages, 3n);
  const bodies = async (limit: number) =>
    (await client.whisper.listMessages({ limit })).messages.map(({ body }) => body);
  assert.deepEqual(await bodies(0), ["hello", "is anybody there?"]);
  assert.deepEqual(await bodies(1), ["is anybody there?"]);
  assert.equal((await client.whisper.say({ body: "grüß dich 🦫" })).message?.body, "grüß dich 🦫");
  await client.whisper.connect({ address: "192.0.2.8:55555" });
  await client.whisper.disconnect({ address: ALICE });
  await client.node.shutdown({});
  assert.deepEqual(control.asked, [
    "restart whisper",
    "reload",
    "say grüß dich 🦫",
    "connect 192.0.2.8:55555",
    `disconnect ${ALICE}`,
    "shutdown",
  ]);
}

async function everyRefusal({ client }: ParleyConnection, { control, failures }: TestServer) {
  await refused(client.node.restartService({ name: "ospf" }), Code.NotFound, /ospf; "show services"/);
  await refused(client.whisper.getPeer({ address: "192.0.2.9:1" }), Code.NotFound, /192\.0\.2\.9:1/);
  await refused(client.whisper.say({ body: "" }), Code.InvalidArgument, /nothing to say; write a message/);
  await refused(
    client.whisper.connect({ address: "nowhere" }),
    Code.InvalidArgument,
    /no address; write HOST:PORT/,
  );
  await refused(client.whisper.disconnect({ address: "192.0.2.9:1" }), Code.NotFound, /not known/);
  await refused(client.whisper.disconnect({ address: "?" }), Code.InvalidArgument, /not known/);
  control.reloadError = new OperatorError("parleyd.yaml:3:1: unknown key\n  at \ud800", "remove it");
  await refused(
    client.node.reload({}),
    Code.FailedPrecondition,
    /^parleyd\.yaml:3:1: unknown key at .; remove it$/,
  );
  control.reloadError = new OperatorError("x".repeat(100_000), "remove it");
  await refused(client.node.reload({}), Code.FailedPrecondition, /^x{600} …$/);

  assert.deepEqual(failures, []);
  control.reloadError = new Error("/home/bob/secret is corrupt");
  await refused(client.node.reload({}), Code.Internal, /^internal error; the log of parleyd has the reason$/);
  assert.deepEqual(failures, [control.reloadError]);

  control.setState("whisper", "failed");
  await refused(client.whisper.listPeers({}), Code.Unavailable, /whisper is failed; see "show services"/);
  await refused(client.whisper.say({ body: "x" }), Code.Unavailable, /whisper is failed/);
  control.setState("whisper", "running");
  control.whisper = { ...control.whisper, nick: "restarted" };
  assert.equal((await client.whisper.listPeers({})).nick, "restarted");
}

test("a token opens what its role permits, and each refusal names the remedy", async (test) => {
  const server = await startServer(test);
  const by = (token: string) => connected(test, { server: formatEndpoint(server.listen), token });
  const reader = (await by(TOKENS.read)).client;
  assert.equal((await reader.whisper.listPeers({})).nick, "bob");
  await refused(
    reader.whisper.say({ body: "x" }),
    Code.PermissionDenied,
    /Say needs the write token, this is the read token; /,
  );
  await refused(reader.node.shutdown({}), Code.PermissionDenied, /needs the admin token/);
  const writer = (await by(TOKENS.write)).client;
  await writer.whisper.say({ body: "x" });
  await refused(
    writer.node.restartService({ name: "whisper" }),
    Code.PermissionDenied,
    /needs the admin token/,
  );
  await (await by(TOKENS.admin)).client.node.restartService({ name: "whisper" });
  assert.deepEqual(server.control.asked, ["say x", "restart whisper"]);
});

test("a call can be cancelled and has deadlines", async (test) => {
  const { socket, control } = await startServer(test);
  const { client } = await connected(test, { socket });
  const never = Promise.withResolvers<readonly string[]>();
  control.reload = () => never.promise;
  const controller = new AbortController();
  const call = client.node.reload({}, { signal: controller.signal });
  controller.abort();
  await refused(call, Code.Canceled, /cancelled/);
  await refused(client.node.reload({}, { timeoutMs: 20 }), Code.DeadlineExceeded, /in time/);
  const watching = client.node.watch({}, { signal: AbortSignal.timeout(20) });
  await refused(Array.fromAsync(watching), Code.Canceled, /cancelled/);
  await refused(Array.fromAsync(client.node.watch({}, { timeoutMs: 20 })), Code.DeadlineExceeded, /./);
  never.resolve([]);
});

test("lists stay below what clients accept, however long the messages are", async (test) => {
  const { socket, control } = await startServer(test, { listBytes: 100_000 });
  const { client } = await connected(test, { socket });
  const message = control.whisper.messages(1)[0]!;
  for (let i = 0; i < 10; i++) {
    const long = { ...message, id: String(i), body: "ü".repeat(20_000) };
    control.whisper.kept.push(long);
    control.log.publish({ detail: { type: "message", message: long } });
  }
  const { messages } = await client.whisper.listMessages({});
  assert.deepEqual(
    messages.map(({ id }) => id),
    ["8", "9"],
  );
  assert.deepEqual(
    (await client.node.listEvents({})).events.map(({ sequence }) => Number(sequence)),
    [9, 10],
  );
});

test("closing the connection ends its watch, and a stopped server ends it with a reason", async (test) => {
  const { socket, control, api } = await startServer(test);
  const first = await connected(test, { socket });
  const second = await connected(test, { socket });
  const watches = [first, second].map(({ client }) => Array.fromAsync(client.node.watch({})));
  await until(() => control.log.listeners === 2, "both watch");
  first.close();
  await refused(watches[0]!, Code.Unavailable, /connection/);
  await until(() => control.log.listeners === 1, "one has gone");
  const stopped = refused(watches[1]!, Code.Unavailable, /^parleyd is stopping/);
  await api.close();
  await stopped;
  await refused(second.client.node.getVersion({}), Code.Unavailable, /ENOENT/);
});

test("a daemon that is not there, or not reachable, is told with the remedy", async (test) => {
  const folder = temporaryFolder(test);
  const path = join(folder, "parleyd.sock");
  await unreachable(
    { socket: path },
    `no parleyd answers on ${path}`,
    /^start it: parleyd, or name its socket with --socket$/,
  );
  writeFileSync(path, "");
  await unreachable({ socket: path }, `no parleyd answers on ${path}`, /--socket/);
  mkdirSync(join(folder, "d"));
  await unreachable({ socket: join(folder, "d") }, `no parleyd answers on ${join(folder, "d")}`, /--socket/);
  const long = join(folder, "x".repeat(200));
  await unreachable({ socket: long }, `no parleyd answers on ${long}`, /--socket/);

  const free = await addressOf(createTcpServer(), test, true);
  await unreachable({ server: free }, `no parleyd answers at ${free} (ECONNREFUSED)`, /check --server/);
  await unreachable(
    { server: "http://does-not-exist.invalid:1" },
    /^the host of .* is not known$|EAI/,
    /check --server/,
  );
  for (const server of ["ftp://127.0.0.1", "http://", "", "bob:x:y"]) {
    await assert.rejects(connectTo({ server }), {
      name: "OperatorError",
      exitStatus: 2,
      message: `"${server}" is no URL of a parleyd`,
    });
  }
});

test("a missing or wrong token is told with the remedy", async (test) => {
  const server = `http://${formatEndpoint((await startServer(test)).listen)}/`;
  await unreachable({ server }, `${server} asks for a token`, /--token/);
  await unreachable({ server, token: "two words" }, "the token has letters that no token has", /--token/);
  await unreachable({ server, token: "guess" }, `${server} does not know this token`, /--token/);
});

test("what answers but is no parleyd is called so", async (test) => {
  const web = createServer((_, response) => response.end("<html>")).on("clientError", () => {});
  const page = await addressOf(web, test);
  await unreachable({ server: page }, `what answers at ${page} is no parleyd`, /check --server/);
  const rude = await addressOf(
    createTcpServer((socket) => socket.end("220 mail ready\r\n")),
    test,
  );
  await unreachable({ server: rude }, `what answers at ${rude} is no parleyd`, /check --server/);
  const closing = await addressOf(
    createTcpServer((socket) => socket.destroy()),
    test,
  );
  await unreachable({ server: closing }, `what answers at ${closing} is no parleyd`, /check --server/);
});

function targetOf(server: TestServer, by: "Unix socket" | "TCP"): ApiTarget {
  if (by === "Unix socket") return { socket: server.socket };
  return { server: `http://${formatEndpoint(server.listen)}`, token: TOKENS.admin };
}

async function connected(test: TestContext, target: ApiTarget): Promise<ParleyConnection> {
  const connection = await connectTo(target);
  test.after(() => connection.close());
  return connection;
}

async function refused(call: Promise<unknown>, code: Code, message: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof ConnectError, String(error));
    assert.equal(Code[error.code], Code[code]);
    assert.match(error.rawMessage, message);
    return true;
  });
}

async function unreachable(target: ApiTarget, message: string | RegExp, remedy: RegExp): Promise<void> {
  await assert.rejects(connectTo(target), (error) => {
    assert.ok(error instanceof OperatorError, String(error));
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.match(error.remedy, remedy);
    return true;
  });
}

/** "127.0.0.1:PORT" of a server; `free`: nobody listens there any more. */
async function addressOf(server: Server, test: TestContext, free = false): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  if (free) await new Promise((resolve) => server.close(resolve));
  else test.after(() => server.close());
  return `127.0.0.1:${port}`;
}
