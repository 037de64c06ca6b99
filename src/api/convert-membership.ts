// From the membership service to the messages of parley.v1.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampOf } from "#api/convert-time.ts";
import {
  ChatParticipantSchema,
  GetMembershipResponseSchema,
  JoinOutcomeSchema,
  MemberSchema,
  MemberState,
} from "#api/gen/parley/v1/membership_pb.ts";
import type { EventSchema } from "#api/gen/parley/v1/node_pb.ts";
import type { MemberDetail, MemberMessageDetail } from "#services/events.ts";
import type {
  ChatParticipant,
  JoinStatus,
  MembershipStatus,
  MemberStateName,
  MemberStatus,
} from "#services/membership-api.ts";

export function memberMessage(member: MemberStatus) {
  const { state, since, versions, services, tags, ...rest } = member;
  return create(MemberSchema, {
    ...rest,
    state: STATES[state],
    versions: [...versions],
    tags: { ...tags },
    services: services.map(({ kind, address }) => ({ kind, address })),
    ...sinceOf(since),
  });
}

export function membershipMessage({ joins, conflicts, counters, ...rest }: MembershipStatus) {
  return create(GetMembershipResponseSchema, {
    ...rest,
    joins: joins.map(joinMessage),
    conflicts: conflicts.map(({ since, ...conflict }) => ({ ...conflict, ...sinceOf(since) })),
    counters: counters.map(({ name, count }) => ({ name, count: BigInt(count) })),
  });
}

export function joinMessage({ since, ...rest }: JoinStatus) {
  return create(JoinOutcomeSchema, { ...rest, ...sinceOf(since) });
}

export function chatMessageOf({ state, ...rest }: ChatParticipant) {
  return create(ChatParticipantSchema, { ...rest, state: STATES[state] });
}

type DetailMessage = NonNullable<MessageInitShape<typeof EventSchema>["detail"]>;

export function memberEvent(detail: MemberDetail | MemberMessageDetail): DetailMessage {
  switch (detail.type) {
    case "member": {
      const { news, name, address, state, own, reason } = detail;
      return { case: "member", value: { news, name, address, own, reason, state: STATES[state] } };
    }
    case "member-event": {
      const { name, payload, from } = detail;
      return { case: "memberEvent", value: { name, payload, from } };
    }
    case "member-query": {
      const { name, payload, from, answered } = detail;
      return { case: "memberQuery", value: { name, payload, from, answered } };
    }
    case "member-value": {
      const { key, text, isRemoved: removed, by, own } = detail;
      return { case: "broadcast", value: { key, text, removed, by, own } };
    }
  }
}

/** Bytes of an event's detail that others can make long. */
export function memberEventBytes(detail: MemberDetail | MemberMessageDetail): number {
  if (detail.type === "member-value") return Buffer.byteLength(detail.key + detail.text + detail.by);
  if (detail.type === "member") return Buffer.byteLength(detail.name + detail.reason);
  return Buffer.byteLength(detail.name + detail.from) + detail.payload.length;
}

function sinceOf(ms: number) {
  const since = timestampOf(ms);
  return since ? { since } : {};
}

const STATES: Readonly<Record<MemberStateName, MemberState>> = {
  alive: MemberState.ALIVE,
  suspect: MemberState.SUSPECT,
  failed: MemberState.FAILED,
  left: MemberState.LEFT,
};
