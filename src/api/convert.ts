// From the values of the services to the messages of parley.v1. Our times are ms since the Unix epoch.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { interfaceMessage } from "#api/convert-links.ts";
import { memberEvent, memberEventBytes } from "#api/convert-membership.ts";
import { ospfEvent } from "#api/convert-ospf.ts";
import { responderEvent } from "#api/convert-packets.ts";
import { timestampOf } from "#api/convert-time.ts";
import {
  EventSchema,
  Level,
  ServiceState as WireServiceState,
  ServiceStatusSchema,
} from "#api/gen/parley/v1/node_pb.ts";
import { MessageSchema, PeerSchema, PeerState as WirePeerState } from "#api/gen/parley/v1/whisper_pb.ts";
import type {
  EventDetail,
  NodeEvent,
  PeerState,
  PeerStatus,
  ResponderDetail,
  ShownMessage,
} from "#services/events.ts";
import type { ServiceState, ServiceStatus } from "#services/service.ts";

export function serviceStatusMessage(status: ServiceStatus) {
  const { name, type, state, needs, restarts, reason } = status;
  return create(ServiceStatusSchema, {
    name,
    type,
    state: SERVICE_STATES[state],
    needs: [...needs],
    restarts,
    reason,
    ...timestamps({ since: status.since, nextAttempt: status.nextAttempt }),
  });
}

export function chatMessage({ id, address, nick, body, own, said, received }: ShownMessage) {
  const times = timestamps({ said: said === 0 ? undefined : said, received });
  return create(MessageSchema, { id, address, nick, body, own, ...times });
}

export function peerMessage(peer: PeerStatus) {
  const { address, nick, origin, queuedMessages, lastError, failures } = peer;
  return create(PeerSchema, {
    address,
    nick,
    state: PEER_STATES[peer.state],
    origin,
    queuedMessages,
    lastError,
    failures,
    queuedBytes: BigInt(peer.queuedBytes),
    sentMessages: BigInt(peer.sentMessages),
    receivedMessages: BigInt(peer.receivedMessages),
    droppedMessages: BigInt(peer.droppedMessages),
    ...timestamps({
      outSince: peer.outSince,
      inSince: peer.inSince,
      lastDial: peer.lastDial,
      nextDial: peer.nextDial,
    }),
  });
}

export function eventMessage({ sequence, time, service, level, text, detail }: NodeEvent) {
  return create(EventSchema, {
    sequence: BigInt(sequence),
    service,
    level: LEVELS[level],
    text,
    ...timestamps({ time }),
    ...(detail && { detail: detailMessage(detail) }),
  });
}

/** What an event takes on the wire, within some bytes: a watcher's queue and a list are bounded by it. */
export function eventBytes({ text, detail }: NodeEvent): number {
  return EVENT_BYTES + Buffer.byteLength(text) + (detail ? detailBytes(detail) : 0);
}

function detailBytes(detail: EventDetail): number {
  switch (detail.type) {
    case "message":
      return messageBytes(detail.message);
    case "responder":
      return responderBytes(detail);
    case "ospf-mismatch":
      return Buffer.byteLength(detail.text);
    case "member":
    case "member-event":
    case "member-query":
    case "member-value":
      return memberEventBytes(detail);
    default:
      return 0;
  }
}

function responderBytes({ text, details, packet }: ResponderDetail): number {
  return EVENT_BYTES + Buffer.byteLength(text + details + packet);
}

/** What a chat message takes on the wire, within some bytes. */
export function messageBytes({ body }: ShownMessage): number {
  return EVENT_BYTES + Buffer.byteLength(body);
}

/** The level of an event as a number that grows with its weight; LEVEL_UNSPECIFIED (0) is below all. */
export function levelOf(event: NodeEvent): Level {
  return LEVELS[event.level];
}

type DetailMessage = NonNullable<MessageInitShape<typeof EventSchema>["detail"]>;

function detailMessage(detail: EventDetail): DetailMessage {
  switch (detail.type) {
    case "service":
      return { case: "serviceStatus", value: serviceStatusMessage(detail.status) };
    case "configuration":
      return { case: "configuration", value: { changed: [...detail.changed], error: detail.error } };
    case "message":
      return { case: "message", value: chatMessage(detail.message) };
    case "peer":
      return { case: "peer", value: peerMessage(detail.peer) };
    case "interface":
      return {
        case: "interfaceChange",
        value: { interface: interfaceMessage(detail.link), removed: detail.removed },
      };
    case "responder":
      return { case: "responder", value: responderEvent(detail) };
    case "ospf-neighbor":
    case "ospf-interface":
    case "ospf-mismatch":
      return ospfEvent(detail);
    case "member":
    case "member-event":
    case "member-query":
    case "member-value":
      return memberEvent(detail);
  }
}

/** Only the times that are known: an absent field is not the same as one that is undefined. */
function timestamps<Name extends string>(times: Readonly<Record<Name, number | undefined>>) {
  const known: { [Key in Name]?: Timestamp } = {};
  for (const name in times) {
    const timestamp = timestampOf(times[name]);
    if (timestamp) known[name] = timestamp;
  }
  return known;
}

const SERVICE_STATES: Readonly<Record<ServiceState, WireServiceState>> = {
  stopped: WireServiceState.STOPPED,
  waiting: WireServiceState.WAITING,
  starting: WireServiceState.STARTING,
  running: WireServiceState.RUNNING,
  stopping: WireServiceState.STOPPING,
  failed: WireServiceState.FAILED,
};

const PEER_STATES: Readonly<Record<PeerState, WirePeerState>> = {
  linked: WirePeerState.LINKED,
  dialling: WirePeerState.DIALLING,
  waiting: WirePeerState.WAITING,
  known: WirePeerState.KNOWN,
  held: WirePeerState.HELD,
};

const LEVELS: Readonly<Record<NodeEvent["level"], Level>> = {
  debug: Level.DEBUG,
  info: Level.INFO,
  warn: Level.WARN,
  error: Level.ERROR,
};

const EVENT_BYTES = 256; // of everything but the two texts that others can make long
