import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { chatMessage, eventMessage, peerMessage, serviceStatusMessage } from "#api/convert.ts";
import { msOf, timestampOf } from "#api/convert-time.ts";
import { EventSchema } from "#api/gen/parley/v1/node_pb.ts";
import { MessageSchema } from "#api/gen/parley/v1/whisper_pb.ts";
import { fakeMessage, fakePeer, fakeStatus } from "#api/fake-control.ts";

test("every moment that a Timestamp can hold comes back as it went", () => {
  const range = { min: Date.parse("0001-01-01T00:00:00Z"), max: Date.parse("9999-12-31T23:59:59.999Z") };
  fc.assert(fc.property(fc.integer(range), (timeMs) => msOf(timestampOf(timeMs)) === timeMs));
});

test("a time that no Timestamp can hold, as a peer's clock may say, is left out", () => {
  for (const timeMs of [
    undefined,
    Number.NaN,
    Infinity,
    -Infinity,
    1e300,
    Date.parse("9999-12-31T23:59:59.999Z") + 1,
  ]) {
    assert.equal(timestampOf(timeMs), undefined);
  }
  assert.equal(msOf(undefined), undefined);
});

test("whatever numbers a peer puts into its time, its message can be sent in both forms", () => {
  fc.assert(
    fc.property(fc.double(), fc.uint16Array(), (said, units) => {
      const body = String.fromCharCode(...units);
      const message = chatMessage({ ...fakeMessage("1", body), said });
      assert.equal(fromBinary(MessageSchema, toBinary(MessageSchema, message)).body, body.toWellFormed());
      toJson(MessageSchema, message);
    }),
  );
});

test("a lone surrogate in a message becomes a replacement character on the wire", () => {
  const bytes = toBinary(MessageSchema, chatMessage(fakeMessage("1", "\ud800!")));
  assert.equal(fromBinary(MessageSchema, bytes).body, "\ufffd!");
});

test("times that are not known are absent, and an unknown time of saying too", () => {
  assert.equal(chatMessage({ ...fakeMessage("1", "hello"), said: 0 }).said, undefined);
  const peer = peerMessage(fakePeer("192.0.2.7:55555"));
  assert.equal(msOf(peer.outSince), 1_763_700_002_000);
  assert.equal(peer.inSince, undefined);
  assert.equal(serviceStatusMessage(fakeStatus("links", "running")).nextAttempt, undefined);
});

test("an event carries each kind of detail", () => {
  const event = {
    sequence: 7,
    time: 1_763_700_000_000,
    service: "whisper",
    level: "warn",
    text: "x",
  } as const;
  const sent = (detail: Parameters<typeof eventMessage>[0]["detail"]) => {
    const message = eventMessage(detail ? { ...event, detail } : event);
    return toJson(EventSchema, fromBinary(EventSchema, toBinary(EventSchema, message)));
  };
  const bare = {
    sequence: "7",
    time: "2025-11-21T04:40:00Z",
    service: "whisper",
    level: "LEVEL_WARN",
    text: "x",
  };
  assert.deepEqual(sent(undefined), bare);
  assert.deepEqual(sent({ type: "configuration", changed: ["ospf"], error: "" }), {
    ...bare,
    configuration: { changed: ["ospf"] },
  });
  const status = {
    name: "links",
    type: "links",
    state: "SERVICE_STATE_FAILED",
    since: "2025-11-21T04:40:01Z",
  };
  assert.deepEqual(sent({ type: "service", status: fakeStatus("links", "failed") }), {
    ...bare,
    serviceStatus: { ...status, reason: "it fell over" },
  });
  const responder = { name: "arp", interface: "eth0", text: "heard", details: '{"of":1}', leftOut: 5 };
  const rest = { type: "responder", from: "", to: "", packet: "" } as const;
  assert.deepEqual(sent({ ...rest, ...responder, news: "told" }), {
    ...bare,
    responder: { ...responder, news: "RESPONDER_NEWS_TOLD", leftOut: "5" },
  });
  assert.ok("message" in Object(sent({ type: "message", message: fakeMessage("1", "hello") })));
  assert.ok("peer" in Object(sent({ type: "peer", peer: fakePeer("192.0.2.7:55555") })));
});
