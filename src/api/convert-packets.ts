// From captures and responders to the messages of parley.v1.

import { create } from "@bufbuild/protobuf";
import { timestampOf } from "#api/convert-time.ts";
import {
  CapturedPacketsSchema,
  CaptureSchema,
  ResponderEventSchema,
  ResponderNews,
  ResponderSchema,
  RunState,
} from "#api/gen/parley/v1/packets_pb.ts";
import type { ResponderDetail } from "#services/events.ts";
import type {
  CapturedBatch,
  CapturedPacket,
  CaptureStatus,
  PacketsState,
  ResponderStatus,
  RunStatus,
} from "#services/packets-api.ts";

export function capturedMessage({ packets, dropped }: CapturedBatch, linkType: number) {
  const messages = packets.map(packetFields);
  return create(CapturedPacketsSchema, { packets: messages, dropped: BigInt(dropped), linkType });
}

export function captureMessage(capture: CaptureStatus) {
  const { query, file, packets, bytes, dropped } = capture;
  return create(CaptureSchema, {
    ...runFields(capture),
    query,
    file,
    packets: BigInt(packets),
    bytes: BigInt(bytes),
    dropped: BigInt(dropped),
  });
}

export function responderMessage(responder: ResponderStatus) {
  const { name, configured, position, seen, matched, sent, dropped, errors } = responder;
  const { lastError, lastErrorPacket } = responder;
  const lastErrorTime = timestampOf(responder.lastErrorAt);
  return create(ResponderSchema, {
    ...runFields(responder),
    name,
    configured,
    position,
    seen: BigInt(seen),
    matched: BigInt(matched),
    sent: BigInt(sent),
    dropped: BigInt(dropped),
    errors: BigInt(errors),
    lastError,
    lastErrorPacket,
    ...(lastErrorTime && { lastErrorTime }),
  });
}

export function responderEvent({ type: _, news, leftOut, ...texts }: ResponderDetail) {
  return create(ResponderEventSchema, { ...texts, news: NEWS[news], leftOut: BigInt(leftOut) });
}

function runFields({ interface: name, state, since, reason, nextAttempt }: RunStatus) {
  const [begun, next] = [timestampOf(since), timestampOf(nextAttempt)];
  return {
    interface: name,
    state: STATES[state],
    reason,
    ...(begun && { since: begun }),
    ...(next && { nextAttempt: next }),
  };
}

function packetFields(packet: CapturedPacket) {
  const { number, seconds, nanoseconds, length, bytes, outgoing, source, destination, protocol, info } =
    packet;
  return {
    number: BigInt(number),
    // To the nanosecond, as the kernel has it.
    time: { seconds: BigInt(seconds), nanos: nanoseconds },
    length,
    data: bytes,
    outgoing,
    source: source.toWellFormed(),
    destination: destination.toWellFormed(),
    protocol: protocol.toWellFormed(),
    info: info.toWellFormed(),
  };
}

const NEWS: Readonly<Record<ResponderDetail["news"], ResponderNews>> = {
  started: ResponderNews.STARTED,
  state: ResponderNews.STATE,
  told: ResponderNews.TOLD,
  failed: ResponderNews.FAILED,
  done: ResponderNews.DONE,
  stopped: ResponderNews.STOPPED,
};

const STATES: Readonly<Record<PacketsState, RunState>> = {
  starting: RunState.STARTING,
  running: RunState.RUNNING,
  failed: RunState.FAILED,
  done: RunState.DONE,
  stopped: RunState.STOPPED,
};
