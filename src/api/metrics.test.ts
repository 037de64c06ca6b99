import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { FakeControl } from "#api/fake-control.ts";
import { openApiServer } from "#api/server.ts";

const TOKEN = "0123456789abcdef-read";

async function start(context: TestContext) {
  const control = new FakeControl();
  const failures: unknown[] = [];
  const server = await openApiServer({
    control,
    listen: { host: "127.0.0.1", port: 0 },
    tokens: { read: TOKEN },
    failed: (error) => failures.push(error),
  });
  context.after(() => server.close());
  const get = (headers: Record<string, string> = {}, path = "/metrics", method = "GET") =>
    fetch(`http://127.0.0.1:${server.listen!.port}${path}`, { headers, method });
  return { control, failures, get };
}

test("metrics are Prometheus text, for whoever has a token", async (context) => {
  const { get, failures } = await start(context);
  assert.equal((await get()).status, 401);
  assert.equal((await get({ authorization: "Bearer wrong" })).status, 401);
  const answer = await get({ authorization: `Bearer ${TOKEN}` });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  for (const line of text.split("\n").filter((each) => each !== ""))
    assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [-+\d.e]+|\w+(\{[^}]*\})? NaN)$/i);
  assert.match(text, /^parley_info\{node="[^"]+",version="[^"]+",commit="[^"]*"\} 1$/m);
  assert.match(text, /^parley_service_up\{service="whisper"\} 1$/m);
  assert.match(text, /^parley_whisper_peers\{state="linked"\} \d+$/m);
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
  assert.deepEqual(failures, []);
});

test("a service that has stopped counts nothing, and is told as down", async (context) => {
  const { control, get } = await start(context);
  control.setState("whisper", "failed");
  const text = await (await get({ authorization: `Bearer ${TOKEN}` })).text();
  assert.match(text, /^parley_service_up\{service="whisper"\} 0$/m);
  assert.match(text, /^parley_whisper_peers\{state="linked"\} 0$/m);
});

test("nothing else is answered that way", async (context) => {
  const { get } = await start(context);
  const authorization = `Bearer ${TOKEN}`;
  assert.equal((await get({ authorization }, "/metrics", "POST")).status, 404);
  assert.equal((await get({ authorization }, "/metrics/x")).status, 404);
});
