import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ChangeKeyringResponseSchema,
  GetMembershipResponseSchema,
  GetRoundTripResponseSchema,
  JoinResponseSchema,
  ListBroadcastsResponseSchema,
  ListChatResponseSchema,
  ListMembersResponseSchema,
  QueryResponseSchema,
} from "#api/gen/parley/v1/membership_pb.ts";
import { decodeUtf8 } from "#base/utf8.ts";

/** A membership service that answers from memory. */
export class FakeMembership {
  status: MessageInitShape<typeof GetMembershipResponseSchema> = {};
  members: MessageInitShape<typeof ListMembersResponseSchema> = {};
  outcomes: MessageInitShape<typeof JoinResponseSchema> = {};
  answers: MessageInitShape<typeof QueryResponseSchema> = {};
  roundTrip: MessageInitShape<typeof GetRoundTripResponseSchema> = {};
  keyring: MessageInitShape<typeof ChangeKeyringResponseSchema> = {};
  broadcasts: MessageInitShape<typeof ListBroadcastsResponseSchema> = {};
  chat: MessageInitShape<typeof ListChatResponseSchema> = {};
  /** "method argument" of calls with arguments. */
  readonly asked: string[] = [];

  readonly client = {
    getMembership: async () => create(GetMembershipResponseSchema, this.status),
    listMembers: async () => create(ListMembersResponseSchema, this.members),
    join: async ({ addresses }: { addresses: string[] }) => {
      this.asked.push(`join ${addresses.join(" ")}`);
      return create(JoinResponseSchema, this.outcomes);
    },
    leave: async () => this.#done("leave"),
    sendEvent: async ({ name, payload }: Sent) => this.#done(`event ${name} «${decodeUtf8(payload)}»`),
    query: async ({ name, payload }: Sent) => {
      this.asked.push(`query ${name} «${decodeUtf8(payload)}»`);
      return create(QueryResponseSchema, this.answers);
    },
    getRoundTrip: async ({ from, to }: { from: string; to: string }) => {
      this.asked.push(`rtt ${from} «${to}»`);
      return create(GetRoundTripResponseSchema, this.roundTrip);
    },
    changeKeyring: async ({ action, key = "" }: { action: number; key?: string }) => {
      this.asked.push(`keyring ${action} ${key}`.trim());
      return create(ChangeKeyringResponseSchema, this.keyring);
    },
    listBroadcasts: async () => create(ListBroadcastsResponseSchema, this.broadcasts),
    setBroadcast: async ({ key, text }: { key: string; text: string }) => this.#done(`set ${key} «${text}»`),
    removeBroadcast: async ({ key }: { key: string }) => this.#done(`remove ${key}`),
    listChat: async () => create(ListChatResponseSchema, this.chat),
    joinChat: async () => this.#done("chat join"),
    leaveChat: async () => this.#done("chat leave"),
  };

  #done(what: string): object {
    this.asked.push(what);
    return {};
  }
}

interface Sent {
  readonly name: string;
  readonly payload: Uint8Array;
}
