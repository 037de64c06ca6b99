import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { NodeService, WatchResponseSchema } from "#api/gen/parley/v1/node_pb.ts";
import { SayRequestSchema, SayResponseSchema } from "#api/gen/parley/v1/whisper_pb.ts";
import { startServer, TOKENS, type TestServer } from "#api/test-server.ts";
import { formatEndpoint } from "#base/endpoint.ts";

// What curl, a script or a browser would send, without any client library.

const JSON_TYPE = { "content-type": "application/json" };
const READER = { ...JSON_TYPE, authorization: `Bearer ${TOKENS.read}` };

test("Connect JSON: a call is one POST with fetch", async (test) => {
  const server = await startServer(test);
  const answer = await post(server, "NodeService/GetVersion", {}, READER);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("access-control-allow-origin"), null);
  assert.deepEqual(await answer.json(), {
    version: "0.1.0",
    commit: "2871e53",
    dirty: true,
    node: "bob",
    started: "2025-11-21T04:40:00.123Z",
  });
});

test("Connect JSON: the scheme of the authorization may be written in any case", async (test) => {
  const server = await startServer(test);
  const headers = { ...JSON_TYPE, authorization: `BEARER  ${TOKENS.read}` };
  assert.equal((await post(server, "NodeService/GetVersion", {}, headers)).status, 200);
});

test("Connect JSON: errors have an HTTP status, a code and the remedy", async (test) => {
  const server = await startServer(test);
  const refusal = async (method: string, body: unknown, headers: Record<string, string>) => {
    const answer = await post(server, method, body, headers);
    const { code, message } = (await answer.json()) as { code: string; message: string };
    assert.match(message, /; /, "message; remedy");
    return [answer.status, code];
  };
  const writer = { ...JSON_TYPE, authorization: `Bearer ${TOKENS.write}` };
  assert.deepEqual(await refusal("NodeService/GetVersion", {}, JSON_TYPE), [401, "unauthenticated"]);
  const guess = { ...JSON_TYPE, authorization: "Bearer guess" };
  assert.deepEqual(await refusal("NodeService/GetVersion", {}, guess), [401, "unauthenticated"]);
  const basic = { ...JSON_TYPE, authorization: `Basic ${TOKENS.admin}` };
  assert.deepEqual(await refusal("NodeService/GetVersion", {}, basic), [401, "unauthenticated"]);
  assert.deepEqual(await refusal("WhisperService/Say", { body: "x" }, READER), [403, "permission_denied"]);
  assert.deepEqual(await refusal("WhisperService/Say", { body: "" }, writer), [400, "invalid_argument"]);
  assert.deepEqual(await refusal("WhisperService/GetPeer", { address: "x" }, writer), [404, "not_found"]);
  assert.deepEqual(server.control.asked, []);
});

test("Connect JSON: a body that is no JSON, of the wrong type or too large is refused, and the server goes on", async (test) => {
  const server = await startServer(test, { requestBytes: 10_000 });
  const statusOf = async (body: string, headers: Record<string, string> = {}) => {
    const url = `http://${formatEndpoint(server.listen)}/parley.v1.WhisperService/Say`;
    const authorization = `Bearer ${TOKENS.write}`;
    return (await fetch(url, { method: "POST", body, headers: { ...JSON_TYPE, authorization, ...headers } }))
      .status;
  };
  assert.equal(await statusOf("{"), 400);
  assert.equal(await statusOf('{"body": 7}'), 400);
  assert.equal(await statusOf("body=x", { "content-type": "application/x-www-form-urlencoded" }), 415);
  assert.equal(await statusOf(JSON.stringify({ body: "x".repeat(20_000) })), 429);
  assert.equal(await statusOf("x", { "content-encoding": "gzip" }), 500);
  assert.equal(await statusOf("x", { "content-encoding": "zip" }), 501);
  assert.deepEqual(server.control.asked, []);
  assert.equal(await statusOf('{"body": "hello"}'), 200);
});

test("a small compressed request that would grow beyond the limit is refused", async (test) => {
  const server = await startServer(test, { requestBytes: 10_000 });
  const send = (length: number) => {
    const body = gzipSync(JSON.stringify({ body: "x".repeat(length) }));
    return overSocket(server, "WhisperService/Say", { ...JSON_TYPE, "content-encoding": "gzip" }, body);
  };
  assert.equal((await send(5_000)).status, 200);
  assert.equal((await send(5_000_000)).status, 429);
});

test("an answer is compressed for those who ask for it", async (test) => {
  const server = await startServer(test);
  server.control.configuration = () => "# a long one\n".repeat(1_000);
  const headers = { ...JSON_TYPE, "accept-encoding": "gzip" };
  const answer = await overSocket(server, "NodeService/GetConfiguration", headers, Buffer.from("{}"));
  assert.equal(answer.headers["content-encoding"], "gzip");
  const { yaml } = JSON.parse(gunzipSync(answer.body).toString()) as { yaml: string };
  assert.equal(yaml.length, 13_000);
});

test("other paths and methods are not found, allowed or known, with or without a token", async (test) => {
  const server = await startServer(test);
  const url = `http://${formatEndpoint(server.listen)}`;
  assert.equal((await fetch(`${url}/`)).status, 404);
  assert.equal(
    (await fetch(`${url}/parley.v1.NodeService/Nothing`, { method: "POST", headers: READER })).status,
    404,
  );
  assert.equal((await fetch(`${url}/parley.v1.NodeService/GetVersion`, { headers: READER })).status, 405);
  assert.equal((await fetch(`${url}/parley.v1.NodeService/GetVersion`, { method: "OPTIONS" })).status, 405);
});

test("Connect JSON: a watch over HTTP/1.1 is a stream of enveloped JSON", async (test) => {
  const server = await startServer(test);
  server.control.log.publish({ text: "kept" });
  const headers = { "content-type": "application/connect+json" };
  const response = await open(
    server,
    "/parley.v1.NodeService/Watch",
    headers,
    envelope(Buffer.from('{"after": "0"}')),
  );
  const frames = framesOf(response);
  const next = async () =>
    JSON.parse((await frames.next()).value!.data.toString()) as Record<string, unknown>;
  assert.deepEqual(await next(), { started: true });
  assert.equal(((await next()) as { event: { text: string } }).event.text, "kept");
  server.control.log.publish({ text: "live" });
  assert.equal(((await next()) as { event: { text: string } }).event.text, "live");
  response.destroy();
});

test("gRPC-Web: a unary call and its trailers are frames of one body", async (test) => {
  const server = await startServer(test);
  const body = envelope(toBinary(SayRequestSchema, create(SayRequestSchema, { body: "hello" })));
  const headers = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
  const answer = await overSocket(server, "WhisperService/Say", headers, body);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], "application/grpc-web+proto");
  const [message, trailer, ...more] = splitFrames(answer.body);
  assert.equal(message?.flags, 0);
  assert.equal(fromBinary(SayResponseSchema, message!.data).message?.body, "hello");
  assert.equal(trailer?.flags, 0x80);
  assert.match(trailer!.data.toString(), /grpc-status: ?0/);
  assert.equal(more.length, 0);
});

test("gRPC-Web: a token is asked for over TCP, and an error is a status in the trailers", async (test) => {
  const server = await startServer(test);
  const headers = { "content-type": "application/grpc-web+proto" };
  const url = `http://${formatEndpoint(server.listen)}/parley.v1.NodeService/GetVersion`;
  const statusOf = async (more: Record<string, string>) => {
    const answer = await fetch(url, {
      method: "POST",
      headers: { ...headers, ...more },
      body: envelope(new Uint8Array()),
    });
    const frames = splitFrames(Buffer.from(await answer.arrayBuffer()));
    return (
      answer.headers.get("grpc-status") ??
      /grpc-status: ?(\d+)/.exec(frames.at(-1)?.data.toString() ?? "")?.[1]
    );
  };
  assert.equal(await statusOf({}), "16");
  assert.equal(await statusOf({ authorization: `Bearer ${TOKENS.read}` }), "0");
});

test("gRPC-Web: a watch is a stream", async (test) => {
  const server = await startServer(test);
  const headers = { "content-type": "application/grpc-web+proto" };
  const response = await open(server, "/parley.v1.NodeService/Watch", headers, envelope(new Uint8Array()));
  const frames = framesOf(response);
  const next = async () => fromBinary(WatchResponseSchema, (await frames.next()).value!.data).item.case;
  assert.equal(await next(), "started");
  server.control.log.publish({});
  assert.equal(await next(), "event");
  response.destroy();
});

test("requests without a host, or with one that fits no URL, are refused, and the server goes on", async (test) => {
  const server = await startServer(test);
  const path = `/${NodeService.typeName}/GetVersion`;
  const rest = "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
  for (const head of [
    `POST ${path} HTTP/1.0\r\n`,
    `POST ${path} HTTP/1.1\r\nHost: [\r\n`,
    `POST ${path} HTTP/1.1\r\nHost: a b\r\n`,
  ]) {
    assert.match(await exchange(server, head + rest), /^HTTP\/1\.1 400 /, head);
  }
  assert.match(await exchange(server, `POST ${path} HTTP/1.1\r\nHost: x\r\n${rest}`), /^HTTP\/1\.1 200 /);
});

test("a client may end its side after the request and still gets the answer", async (test) => {
  const server = await startServer(test);
  const socket = connect(server.socket);
  socket.end(
    `POST /${NodeService.typeName}/GetVersion HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
  );
  let text = "";
  for await (const part of socket) text += String(part);
  assert.match(text, /^HTTP\/1\.1 200 .*"version":"0\.1\.0"/s);
});

test("a request that comes byte by byte is understood", async (test) => {
  const server = await startServer(test);
  const socket = connect(server.socket).setNoDelay(true);
  const text = `POST /${NodeService.typeName}/GetVersion HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`;
  for (const byte of Buffer.from(text)) {
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [part] = (await once(socket, "data")) as [Buffer];
  assert.match(part.toString(), /^HTTP\/1\.1 200 /);
  socket.destroy();
});

async function exchange(server: TestServer, text: string): Promise<string> {
  const socket = connect(server.socket);
  socket.write(text);
  const parts = await Array.fromAsync(socket as AsyncIterable<Buffer>);
  return Buffer.concat(parts).toString();
}

function post(
  server: TestServer,
  method: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Response> {
  const url = `http://${formatEndpoint(server.listen)}/parley.v1.${method}`;
  return fetch(url, { method: "POST", body: JSON.stringify(body), headers });
}

async function overSocket(
  server: TestServer,
  method: string,
  headers: OutgoingHttpHeaders,
  body: Uint8Array,
) {
  const response = await open(server, `/parley.v1.${method}`, headers, body);
  const parts = await Array.fromAsync(response as AsyncIterable<Buffer>);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) };
}

async function open(server: TestServer, path: string, headers: OutgoingHttpHeaders, body: Uint8Array) {
  const options = { socketPath: server.socket, method: "POST", path, headers, agent: false };
  const request = httpRequest(options).end(body);
  return ((await once(request, "response")) as [IncomingMessage])[0];
}

function envelope(message: Uint8Array): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

interface Frame {
  readonly flags: number;
  readonly data: Buffer;
}

function splitFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    frames.push({ flags: bytes[at]!, data: bytes.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}

async function* framesOf(response: IncomingMessage): AsyncGenerator<Frame, undefined> {
  let bytes = Buffer.alloc(0);
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, part]);
    const frames = splitFrames(bytes);
    bytes = bytes.subarray(frames.reduce((size, { data }) => size + 5 + data.length, 0));
    yield* frames;
  }
}
