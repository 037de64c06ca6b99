import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import {
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescMethod,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { ALICE } from "#api/fake-control.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#api/gen/grpc/health/v1/health_pb.ts";
import {
  ServerReflection,
  ServerReflectionRequestSchema,
  type ServerReflectionResponseSchema,
} from "#api/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionV1Alpha } from "#api/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { NodeService } from "#api/gen/parley/v1/node_pb.ts";
import { PacketsService } from "#api/gen/parley/v1/packets_pb.ts";
import { WhisperService } from "#api/gen/parley/v1/whisper_pb.ts";
import { startServer, TOKENS, until, type TestServer } from "#api/test-server.ts";
import { formatEndpoint } from "#base/endpoint.ts";

// An independent client, @grpc/grpc-js, against the API.

for (const by of ["Unix socket", "TCP"] as const) {
  test(`gRPC: every unary method works over ${by}`, async (test) => {
    const server = await startServer(test);
    const client = clientTo(test, server, by);
    assert.equal((await client.unary(NodeService.method.getVersion, {})).commit, "2871e53");
    assert.equal((await client.unary(NodeService.method.listServices, {})).services.length, 2);
    await client.unary(NodeService.method.restartService, { name: "whisper" });
    assert.match((await client.unary(NodeService.method.getConfiguration, {})).yaml, /bob/);
    assert.deepEqual((await client.unary(NodeService.method.reload, {})).changed, ["whisper"]);
    await client.unary(NodeService.method.shutdown, {});
    server.control.log.publish({});
    assert.equal((await client.unary(NodeService.method.listEvents, {})).events.length, 1);
    assert.equal((await client.unary(WhisperService.method.listPeers, {})).peers[0]?.address, ALICE);
    assert.equal((await client.unary(WhisperService.method.getPeer, { address: ALICE })).peer?.nick, "alice");
    assert.equal((await client.unary(WhisperService.method.listMessages, {})).messages.length, 2);
    assert.equal((await client.unary(WhisperService.method.say, { body: "hello" })).message?.body, "hello");
    await client.unary(WhisperService.method.connect, { address: "192.0.2.8:1" });
    await client.unary(WhisperService.method.disconnect, { address: ALICE });
    const asked = [
      "restart whisper",
      "reload",
      "shutdown",
      "say hello",
      "connect 192.0.2.8:1",
      `disconnect ${ALICE}`,
    ];
    assert.deepEqual(server.control.asked, asked);
  });

  test(`gRPC: a watch tells what is kept and what comes, and is cancelled, over ${by}`, async (test) => {
    const server = await startServer(test);
    const client = clientTo(test, server, by);
    server.control.log.publish({});
    const stream = client.stream(NodeService.method.watch, { after: 0n });
    const seen: string[] = [];
    stream.on("data", ({ item }: MessageShape<typeof NodeService.method.watch.output>) => {
      seen.push(item.case === "event" ? String(item.value.sequence) : String(item.case));
      if (item.case === "event" && item.value.sequence < 3n) server.control.log.publish({});
      if (item.case === "event" && item.value.sequence === 3n) stream.cancel();
    });
    assert.equal(await statusOf(stream), grpc.status.CANCELLED);
    assert.deepEqual(seen, ["started", "1", "2", "3"]);
    await until(() => server.control.log.listeners === 0, "the server has noticed");
  });

  test(`gRPC: a capture streams until it is cancelled, and responders can be steered, over ${by}`, async (test) => {
    const server = await startServer(test);
    const client = clientTo(test, server, by);
    const { capture, listCaptures, listResponders, startResponder, stopResponder } = PacketsService.method;
    const stream = client.stream(capture, { interface: "eth0", query: "arp" });
    stream.on("data", ({ linkType }: MessageShape<typeof capture.output>) => {
      assert.equal(linkType, 1);
      stream.cancel();
    });
    assert.equal(await statusOf(stream), grpc.status.CANCELLED);
    await until(() => server.control.packets.signal!.aborted, "the capture has ended");
    const bad = client.stream(capture, { interface: "eth0", query: "ip.scr" });
    assert.equal(await statusOf(bad), grpc.status.INVALID_ARGUMENT);
    assert.equal((await client.unary(listCaptures, {})).captures[0]?.dropped, 2n);
    assert.equal((await client.unary(listResponders, {})).responders[0]?.dropped, 2n);
    const arp = { name: "arp", interface: "eth0" };
    assert.equal((await client.unary(startResponder, arp)).responder?.sent, 3n);
    assert.equal((await client.unary(stopResponder, arp)).stopped.length, 1);
  });

  test(`gRPC: reflection describes the whole API over ${by}, under both its names`, async (test) => {
    const client = clientTo(test, await startServer(test), by);
    for (const service of [ServerReflection, ServerReflectionV1Alpha]) {
      const reflection = new Reflection(client, service);
      await describesEverything(reflection);
      await refusesTheRest(reflection);
      await reflection.end();
    }
  });
}

test("gRPC: errors have their status and their remedy", async (test) => {
  const server = await startServer(test);
  const client = clientTo(test, server, "Unix socket");
  await refused(client.unary(WhisperService.method.say, { body: "" }), "INVALID_ARGUMENT", /write a message/);
  await refused(
    client.unary(WhisperService.method.getPeer, { address: "x" }),
    "NOT_FOUND",
    /nothing is known of x/,
  );
  server.control.setState("whisper", "stopped");
  await refused(client.unary(WhisperService.method.listPeers, {}), "UNAVAILABLE", /whisper is stopped/);
  server.control.reloadError = new Error("private");
  await refused(client.unary(NodeService.method.reload, {}), "INTERNAL", /^internal error/);
});

test("gRPC: no, wrong and low tokens are refused for unary calls and streams, and the right ones pass", async (test) => {
  const server = await startServer(test);
  const by = (token: string | undefined) => clientTo(test, server, "TCP", token);
  for (const token of [undefined, "", "guess", `${TOKENS.admin}x`]) {
    const client = by(token);
    await refused(client.unary(NodeService.method.getVersion, {}), "UNAUTHENTICATED", /--token/);
    await refused(client.unary(Health.method.check, {}), "UNAUTHENTICATED", /--token/);
    assert.equal(await statusOf(client.stream(NodeService.method.watch, {})), grpc.status.UNAUTHENTICATED);
    const reflection = client.bidirectional(ServerReflection.method.serverReflectionInfo);
    reflection.write(create(ServerReflectionRequestSchema));
    assert.equal(await statusOf(reflection), grpc.status.UNAUTHENTICATED);
  }
  const reader = by(TOKENS.read);
  assert.equal((await reader.unary(Health.method.check, {})).status, Status.SERVING);
  await refused(
    reader.unary(WhisperService.method.say, { body: "x" }),
    "PERMISSION_DENIED",
    /needs the write token/,
  );
  const writer = by(TOKENS.write);
  await writer.unary(WhisperService.method.say, { body: "x" });
  await refused(writer.unary(NodeService.method.shutdown, {}), "PERMISSION_DENIED", /needs the admin token/);
  await by(TOKENS.admin).unary(NodeService.method.shutdown, {});
  assert.deepEqual(server.control.asked, ["say x", "shutdown"]);
  assert.equal(server.control.log.listeners, 0);
});

test("gRPC: health tells the state of the node, the API and each service", async (test) => {
  const server = await startServer(test);
  const client = clientTo(test, server, "Unix socket");
  const check = async (service: string) => (await client.unary(Health.method.check, { service })).status;
  const serving = [
    "",
    "parley.v1.NodeService",
    "parley.v1.WhisperService",
    "whisper",
    "links",
    "grpc.health.v1.Health",
  ];
  for (const name of serving) assert.equal(await check(name), Status.SERVING, name);
  server.control.setState("whisper", "failed");
  for (const name of ["whisper", "parley.v1.WhisperService"])
    assert.equal(await check(name), Status.NOT_SERVING);
  assert.equal(await check(""), Status.SERVING);
  await refused(check("ospf"), "NOT_FOUND", /no service is named "ospf"/);
});

test("gRPC: a health watch tells the state at once and at each change, also of a service that comes later", async (test) => {
  const { control } = await watchHealth(test, "whisper", async (next, { control }) => {
    assert.equal(await next(), Status.SERVING);
    control.setState("whisper", "failed");
    assert.equal(await next(), Status.NOT_SERVING);
    control.log.publish({});
    control.setState("whisper", "running");
    assert.equal(await next(), Status.SERVING);
  });
  await until(() => control.log.listeners === 0, "the server has noticed");
  await watchHealth(test, "ospf", async (next, { control }) => {
    assert.equal(await next(), Status.SERVICE_UNKNOWN);
    control.setState("ospf", "running");
    assert.equal(await next(), Status.SERVING);
  });
});

async function watchHealth(
  test: TestContext,
  service: string,
  run: (next: () => Promise<Status | undefined>, server: TestServer) => Promise<void>,
) {
  const server = await startServer(test);
  const stream = clientTo(test, server, "Unix socket").stream(Health.method.watch, { service });
  const items = stream[Symbol.asyncIterator]();
  await run(async () => (await items.next()).value?.status, server);
  stream.on("error", () => {}).cancel();
  return server;
}

/** One stream of reflection. The messages of both versions differ only in the name of their package. */
class Reflection {
  readonly #method: typeof ServerReflection.method.serverReflectionInfo;
  readonly #stream: ReturnType<GrpcClient["bidirectional"]>;
  readonly #answers: AsyncIterator<MessageShape<typeof ServerReflectionResponseSchema>, undefined>;

  constructor(client: GrpcClient, service: typeof ServerReflection | typeof ServerReflectionV1Alpha) {
    this.#method = service.method.serverReflectionInfo as typeof ServerReflection.method.serverReflectionInfo;
    this.#stream = client.bidirectional(this.#method);
    this.#answers = this.#stream[Symbol.asyncIterator]();
  }

  async ask(messageRequest: ReflectionQuestion) {
    this.#stream.write(create(this.#method.input, { host: "here", messageRequest }));
    const answer = (await this.#answers.next()).value;
    assert.ok(answer);
    assert.equal(answer.validHost, "here");
    assert.equal(answer.originalRequest?.messageRequest.case, messageRequest.case);
    return answer.messageResponse;
  }

  /** The names of the files that answer, after a look whether they are complete. */
  async files(messageRequest: ReflectionQuestion): Promise<string[] | undefined> {
    const answer = await this.ask(messageRequest);
    if (answer.case !== "fileDescriptorResponse") return undefined;
    const decode = (bytes: Uint8Array) => fromBinary(FileDescriptorProtoSchema, bytes);
    const file = answer.value.fileDescriptorProto.map(decode);
    createFileRegistry(create(FileDescriptorSetSchema, { file: file.toReversed() })); // throws when an import is missing
    return file.map(({ name }) => name);
  }

  async end(): Promise<void> {
    this.#stream.end();
    assert.equal((await this.#answers.next()).done, true);
  }
}

type ReflectionQuestion = NonNullable<
  MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]
>;

async function describesEverything(reflection: Reflection): Promise<void> {
  const listed = await reflection.ask({ case: "listServices", value: "" });
  assert.ok(listed.case === "listServicesResponse");
  const services = listed.value.service.map(({ name }) => name);
  assert.deepEqual(services, [
    "parley.v1.NodeService",
    "parley.v1.LinksService",
    "parley.v1.RoutesService",
    "parley.v1.OspfService",
    "parley.v1.MembershipService",
    "parley.v1.PeersService",
    "parley.v1.WhisperService",
    "parley.v1.PacketsService",
    "parley.v1.DirectoryService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
  ]);
  const filesOf = (value: string) => reflection.files({ case: "fileContainingSymbol", value });
  for (const name of services) assert.ok(await filesOf(name), name);
  const timestamp = "google/protobuf/timestamp.proto";
  const parts = ["node", "whisper", "packets", "ospf", "routes", "membership", "links"].map(
    (name) => `parley/v1/${name}.proto`,
  );
  const node = [...parts, timestamp];
  for (const symbol of [
    "parley.v1.NodeService.Watch",
    "parley.v1.Event",
    "parley.v1.Event.sequence",
    "parley.v1.Event.detail",
    "parley.v1.ServiceState",
    "parley.v1.SERVICE_STATE_RUNNING",
    ".parley.v1.WatchResponse",
  ]) {
    assert.deepEqual(await filesOf(symbol), node, symbol);
  }
  const nested = "grpc.health.v1.HealthCheckResponse";
  for (const symbol of [`${nested}.ServingStatus`, `${nested}.SERVING`, `${nested}.status`]) {
    assert.deepEqual(await filesOf(symbol), ["grpc/health/v1/health.proto"]);
  }
  const named = (value: string) => reflection.files({ case: "fileByFilename", value });
  assert.deepEqual(await named("parley/v1/whisper.proto"), ["parley/v1/whisper.proto", timestamp]);
  assert.deepEqual(await named(timestamp), [timestamp]);
}

/** What it does not know is an answer on the stream, which goes on. */
async function refusesTheRest(reflection: Reflection): Promise<void> {
  const errorOf = async (question: ReflectionQuestion) => {
    const answer = await reflection.ask(question);
    return answer.case === "errorResponse" ? answer.value.errorCode : undefined;
  };
  const extension = { containingType: "parley.v1.Peer", extensionNumber: 1 };
  for (const question of [
    { case: "fileByFilename", value: "/etc/passwd" },
    { case: "fileContainingSymbol", value: "parley.v1.Nothing" },
    { case: "allExtensionNumbersOfType", value: "parley.v1.Nothing" },
    { case: "fileContainingExtension", value: extension },
  ] as ReflectionQuestion[]) {
    assert.equal(await errorOf(question), grpc.status.NOT_FOUND, String(question.case));
  }
  assert.equal(await errorOf({ case: undefined }), grpc.status.INVALID_ARGUMENT);
  const none = await reflection.ask({ case: "allExtensionNumbersOfType", value: "parley.v1.Peer" });
  assert.equal(none.case === "allExtensionNumbersResponse" && none.value.baseTypeName, "parley.v1.Peer");
}

type UnaryMethod = DescService["methods"][number] & { methodKind: "unary" };

/** grpc-js with the messages of the generated descriptors. */
class GrpcClient {
  readonly #client: grpc.Client;
  readonly #metadata = new grpc.Metadata();

  constructor(client: grpc.Client, token: string | undefined) {
    this.#client = client;
    if (token !== undefined) this.#metadata.set("authorization", `Bearer ${token}`);
  }

  unary<Method extends UnaryMethod>(
    method: Method,
    input: MessageInitShape<Method["input"]>,
  ): Promise<MessageShape<Method["output"]>> {
    const { path, serialize, deserialize } = definitionOf(method);
    return new Promise((resolve, reject) => {
      const message = create(method.input, input);
      const options = { deadline: Date.now() + 10_000 };
      this.#client.makeUnaryRequest(
        path,
        serialize,
        deserialize,
        message,
        this.#metadata,
        options,
        (error, answer) => (error ? reject(error) : resolve(answer as MessageShape<Method["output"]>)),
      );
    });
  }

  stream<Method extends DescMethod>(method: Method, input: MessageInitShape<Method["input"]>) {
    const { path, serialize, deserialize } = definitionOf(method);
    const message = create(method.input, input);
    return this.#client.makeServerStreamRequest(path, serialize, deserialize, message, this.#metadata);
  }

  bidirectional(method: DescMethod) {
    const { path, serialize, deserialize } = definitionOf(method);
    return this.#client.makeBidiStreamRequest(path, serialize, deserialize, this.#metadata);
  }
}

function definitionOf(method: DescMethod) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    serialize: (message: Message) => Buffer.from(toBinary(method.input, message)),
    deserialize: (bytes: Buffer): Message => fromBinary(method.output, bytes),
  };
}

function clientTo(
  test: TestContext,
  server: TestServer,
  by: "Unix socket" | "TCP",
  token?: string,
): GrpcClient {
  const target = by === "TCP" ? formatEndpoint(server.listen) : `unix:${server.socket}`;
  const client = new grpc.Client(target, grpc.credentials.createInsecure());
  test.after(() => client.close());
  return new GrpcClient(client, arguments.length === 4 || by === "Unix socket" ? token : TOKENS.admin);
}

function statusOf(stream: grpc.ClientReadableStream<unknown> | grpc.ClientDuplexStream<unknown, unknown>) {
  return new Promise<grpc.status>((resolve) =>
    stream
      .on("error", () => {})
      .on("status", ({ code }) => resolve(code))
      .resume(),
  );
}

async function refused(
  call: Promise<unknown>,
  status: keyof typeof grpc.status,
  details: RegExp,
): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.equal(grpc.status[(error as grpc.ServiceError).code], status, String(error));
    assert.match((error as grpc.ServiceError).details, details);
    return true;
  });
}
