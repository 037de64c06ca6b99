import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "#base/address.ts";
import { advertisedAddress } from "#services/advertised-address.ts";
import { EventLog } from "#services/event-log.ts";
import type { NodeEvent } from "#services/events.ts";

test("events are numbered, kept in order, and told to followers until they go", () => {
  let time = 100;
  const log = new EventLog(() => time++);
  const [heard, gone] = [[] as NodeEvent[], new AbortController()];
  log.publish("a", "info", "before");
  log.subscribe((event) => heard.push(event), gone.signal);
  log.publish("b", "warn", "one");
  gone.abort();
  log.publish("b", "warn", "two");
  log.subscribe((event) => heard.push(event), gone.signal);
  log.publish("b", "warn", "three");
  assert.deepEqual(heard, [{ sequence: 2, time: 101, service: "b", level: "warn", text: "one" }]);
  assert.deepEqual(
    log.since(2).map(({ sequence, text }) => `${sequence} ${text}`),
    ["3 two", "4 three"],
  );
});

test("the newest are kept, within a count and a size", () => {
  const log = new EventLog(() => 0);
  for (let i = 0; i < 50_000; i++) log.publish("a", "info", "x");
  const kept = log.since(0);
  assert.ok(kept.length >= 2_000 && kept.length <= 4_000, String(kept.length));
  assert.equal(kept.at(-1)!.sequence, 50_000);
  const message = {
    id: "",
    address: "",
    nick: "",
    body: "x".repeat(1_000_000),
    said: 0,
    received: 0,
    own: false,
  };
  for (let i = 0; i < 100; i++) log.publish("a", "info", "big", { type: "message", message });
  assert.ok(log.since(0).length <= 16, String(log.since(0).length));
  assert.equal(log.since(0).at(-1)!.sequence, 50_100);
});

test("the newest is kept even when it alone is beyond the size, and each follower is one of its own", () => {
  const log = new EventLog(() => 0);
  const [heard, first, second] = [[] as string[], new AbortController(), new AbortController()];
  const listener = ({ text }: NodeEvent): void => void heard.push(text);
  log.subscribe(listener, first.signal);
  log.subscribe(listener, second.signal);
  first.abort();
  const body = "x".repeat(9_000_000);
  const message = { id: "", address: "", nick: "", body, said: 0, received: 0, own: false };
  for (const text of ["one", "two"]) log.publish("a", "info", text, { type: "message", message });
  assert.deepEqual(heard, ["one", "two"]);
  assert.equal(log.since(0).at(-1)!.text, "two");
});

test("a text longer than a few lines is cut", () => {
  const log = new EventLog(() => 0);
  log.publish("a", "info", "y".repeat(5_000));
  assert.equal(log.since(0)[0]!.text.length, 1_001);
});

test("a wildcard listener is reached at the first usable address, IPv4 first", () => {
  const of = (...texts: string[]) => texts.map((text) => ({ interface: "x", address: parseAddress(text)! }));
  const at = (host: string, addresses: ReturnType<typeof of>) =>
    advertisedAddress({ host, port: 7 }, addresses).host;
  const all = of("127.0.0.1", "::1", "fe80::1%x", "169.254.1.1", "2001:db8::1", "10.0.0.5", "10.0.0.6");
  assert.equal(at("0.0.0.0", all), "10.0.0.5");
  assert.equal(at("::", all), "10.0.0.5");
  assert.equal(at("::", of("::1", "2001:db8::1")), "2001:db8::1");
  assert.equal(at("0.0.0.0", of("127.0.0.1", "2001:db8::1")), "127.0.0.1");
  assert.equal(at("::", of("::1")), "::1");
  assert.equal(at("192.0.2.1", all), "192.0.2.1");
  assert.equal(advertisedAddress({ host: "0.0.0.0", port: 7 }, all).port, 7);
});
