import assert from "node:assert/strict";
import { connect } from "node:net";
import { createServer } from "node:https";
import { once } from "node:events";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import type { HttpCall, HttpHandlers, HttpLimits, HttpRequest, HttpResponse } from "#host/http.ts";
import { systemHttp } from "#system/http.ts";
import { onEveryHost, type Machine, type Place } from "./places.ts";

const LIMITS: HttpLimits = {
  bodyBytes: 100,
  connections: 8,
  connectionsPerAddress: 8,
  headMs: 1_000,
  requestMs: 1_000,
  answerMs: 1_000,
};

async function serve(
  machine: Pick<Machine, "address" | "http">,
  answer: (request: HttpRequest) => Promise<HttpResponse>,
  port = 0,
) {
  const failures: unknown[] = [];
  const handlers: HttpHandlers = {
    request: answer,
    dropped: () => {},
    failed: (error) => failures.push(error),
  };
  const listener = await machine.http.serve({ host: machine.address, port }, LIMITS, handlers);
  return { listener, failures, url: `http://${machine.address}:${listener.local.port}` };
}

/** The answer, or why there is none, while time passes for it. */
async function call(place: Place, url: string, more: Partial<HttpCall> = {}): Promise<string> {
  const usual = {
    method: "POST",
    body: "",
    contentType: "text/plain",
    authorization: "",
    timeoutMs: 300,
    mostBytes: 1_000,
  } as const;
  let said: string | undefined;
  place.a.http.call({ ...usual, url, ...more }).then(
    ({ status, body }) => (said = `${status} ${body}`),
    (error: Error) => (said = error.message),
  );
  await place.until(() => said !== undefined, "an answer");
  return said!;
}

async function told(request: HttpRequest): Promise<HttpResponse> {
  const { method, path, query, authorization, body, source } = request;
  const text = [method, path, query, authorization, new TextDecoder().decode(body), source].join("|");
  return { status: 201, contentType: "text/plain", body: text };
}

onEveryHost("a request comes whole, and its answer goes back", async (place) => {
  const { listener, url } = await serve(place.b, told);
  const said = await call(place, `${url}/a/b?c=d&e`, { body: "grüße", authorization: "Bearer x" });
  assert.equal(said, `201 POST|/a/b|c=d&e|Bearer x|grüße|${place.a.address}`);
  assert.equal(await call(place, `${url}/`, { method: "GET" }), `201 GET|/||||${place.a.address}`);
  await listener.close();
  assert.equal(await call(place, `${url}/`), "ECONNREFUSED");
});

onEveryHost("an address in use is refused with a remedy", async (place) => {
  const { listener } = await serve(place.a, told);
  await assert.rejects(serve(place.a, told, listener.local.port), (error) => {
    assert.ok(error instanceof OperatorError);
    assert.match(error.message, /^cannot listen on TCP [\d.]+:\d+: the address is in use$/);
    return true;
  });
  await listener.close();
});

onEveryHost("who waits for an answer that does not come is told so in time", async (place) => {
  let release = (): void => {};
  const { listener, url } = await serve(place.b, async (request) => {
    await new Promise<void>((resolve) => (release = resolve));
    return await told(request);
  });
  assert.equal(await call(place, `${url}/`), "timeout");
  release();
  await listener.close();
});

onEveryHost("an answer that is too long, and an error inside, are told as such", async (place) => {
  const { listener, url, failures } = await serve(place.b, async ({ path }) => {
    if (path === "/throw") throw new Error("inside");
    return { status: 200, contentType: "text/plain", body: "x".repeat(2_000) };
  });
  assert.equal(await call(place, `${url}/long`), "the answer has more than 1000 bytes");
  assert.equal(await call(place, `${url}/throw`), "500 something went wrong\n");
  assert.deepEqual(failures.map(String), ["Error: inside"]);
  assert.match(await call(place, `${url}/long`, { body: "y".repeat(101) }), /^413 /);
  await listener.close();
});

test(
  "who does not take an answer is ended, and does not hold up others (system)",
  { timeout: 20_000 },
  async () => {
    const drops: string[] = [];
    let dropped = (): void => {};
    const isDropped = new Promise<void>((resolve) => (dropped = resolve));
    const long = "x".repeat(64_000_000); // more than the kernel's buffers take
    const listener = await systemHttp().serve(
      { host: "127.0.0.1", port: 0 },
      { ...LIMITS, answerMs: 200 },
      {
        request: async ({ path }) => ({
          status: 200,
          contentType: "",
          body: path === "/long" ? long : "short",
        }),
        dropped: (reason) => {
          drops.push(reason);
          dropped();
        },
        failed: (error) => assert.fail(String(error)),
      },
    );
    const socket = connect(listener.local.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.pause();
    socket.write("GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
    const answer = await fetch(`http://127.0.0.1:${listener.local.port}/short`);
    assert.equal(await answer.text(), "short");
    await isDropped;
    assert.deepEqual(drops, ["slow-reader"]);
    socket.destroy();
    await listener.close();
  },
);

test(
  "connections that a client leaves half open after a refusal are given free (system)",
  { timeout: 30_000 },
  async () => {
    const { listener, url } = await serve({ address: "127.0.0.1", http: systemHttp() }, told);
    const held = Array.from({ length: LIMITS.connections }, (_, i) => {
      const socket = connect({ port: listener.local.port, host: "127.0.0.1", allowHalfOpen: true });
      socket.on("error", () => {});
      // One that is no HTTP, and one that is too slow.
      socket.write(i % 2 === 0 ? "GOPHER\r\n\r\n" : "POST / HTTP/1.1\r\nHost: x\r\n");
      socket.resume();
      return socket;
    });
    await Promise.all(held.map((socket) => once(socket, "end")));
    const answer = await fetch(`${url}/well`);
    assert.equal(answer.status, 201);
    for (const socket of held) socket.destroy();
    await listener.close();
  },
);

test("IPv6 is served, and asked (system)", async () => {
  const place = { address: "::1", http: systemHttp() };
  const { listener } = await serve(place, told);
  const answer = await place.http.call({ ...CALL, url: `http://[::1]:${listener.local.port}/a` });
  assert.deepEqual(answer, { status: 201, body: "POST|/a||||::1" });
  await listener.close();
});

test("https is asked, and only of a server whose certificate is good (system)", async () => {
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (_request, response) =>
    response.end("secret"),
  );
  server.listen(0, "127.86.7.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const call = { ...CALL, url: `https://127.86.7.1:${port}/` };
  await assert.rejects(systemHttp().call(call), /^Error: DEPTH_ZERO_SELF_SIGNED_CERT$/);
  const usual = getCACertificates("default");
  setDefaultCACertificates([...usual, CERTIFICATE]);
  try {
    assert.deepEqual(await systemHttp().call(call), { status: 200, body: "secret" });
  } finally {
    setDefaultCACertificates(usual);
    server.close();
  }
});

const CALL = {
  method: "POST",
  body: "",
  contentType: "text/plain",
  authorization: "",
  timeoutMs: 10_000,
  mostBytes: 1_000,
} as const;
/** Of 127.86.7.1, signed by itself, for a hundred years. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBZjCCAQygAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5kaXJlY3Rv
cnkudGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwOZGlyZWN0b3J5LnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASD
U4HVQdOO8uK7gYK6CHzrVTnbMS49s3Sft9YVOnojHdx+4CpXaxhbXl4wh+/iE6Jc
1ryzpEfaAqHvivhiirTio0MwQTAPBgNVHREECDAGhwR/VgcBMA8GA1UdEwEB/wQF
MAMBAf8wHQYDVR0OBBYEFEdZYFvbSJTOeeUieiPxfoWHCejQMAoGCCqGSM49BAMC
A0gAMEUCIGGTfm8YKr5mD/Lg4AMMKH1cmDX9yYKYZi4JV9FwEAmfAiEAhcRzAicD
uUwPXsoWtTRNP9rkVcTc5jsfKMs7MS3/QlA=
-----END CERTIFICATE-----`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0/sFR3/w66mOFEhR
XZA34CwgHzbLtmUQWIsAYhOOhFGhRANCAASDU4HVQdOO8uK7gYK6CHzrVTnbMS49
s3Sft9YVOnojHdx+4CpXaxhbXl4wh+/iE6Jc1ryzpEfaAqHvivhiirTi
-----END PRIVATE KEY-----`;
