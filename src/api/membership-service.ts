import { Code, type ServiceImpl } from "@connectrpc/connect";
import { chatMessageOf, joinMessage, memberMessage, membershipMessage } from "#api/convert-membership.ts";
import {
  KeyringAction,
  type MembershipService,
  type RemoveBroadcastRequest,
  type SetBroadcastRequest,
} from "#api/gen/parley/v1/membership_pb.ts";
import { refusal, refusing } from "#api/refusal.ts";
import type { NodeControl } from "#services/control.ts";
import type { MembershipApi } from "#services/membership-api.ts";

/** parley.v1.MembershipService over the membership service that runs at the time of the call. */
export function membershipService(control: NodeControl): ServiceImpl<typeof MembershipService> {
  const running = () => refusing(Code.Unavailable, () => control.api("membership") as MembershipApi);
  const asked: Asked = async (ask) => {
    const api = await running();
    return refusing(Code.FailedPrecondition, () => ask(api));
  };
  return {
    getMembership: () => asked((api) => membershipMessage(api.status())),
    listMembers: () => asked((api) => ({ members: api.members().map(memberMessage) })),
    async join({ addresses }) {
      const outcomes = await asked((api) => api.join(addresses));
      return { outcomes: outcomes.map(joinMessage) };
    },
    async leave() {
      await asked((api) => api.leave());
      return {};
    },
    async sendEvent({ name, payload, coalesce }) {
      checkName(name, "an event");
      await asked((api) => api.sendEvent(name, payload, coalesce));
      return {};
    },
    async query({ name, payload, timeoutMs, nodes, tags }) {
      checkName(name, "a query");
      if (timeoutMs > LONGEST_QUERY_MS)
        throw refusal(
          Code.InvalidArgument,
          `${timeoutMs} ms is too long`,
          `wait at most ${LONGEST_QUERY_MS}`,
        );
      const filters = {
        ...(nodes.length > 0 && { nodes }),
        ...(Object.keys(tags).length > 0 && { tags }),
      };
      const result = await asked((api) => api.query({ name, payload, timeoutMs, filters }));
      return { answers: [...result.answers], acknowledged: [...result.acknowledged] };
    },
    getRoundTrip: ({ from, to }) => asked((api) => api.roundTrip(from, to === "" ? api.status().name : to)),
    async changeKeyring({ action, key }) {
      const word = ACTIONS.get(action);
      if (word === undefined)
        throw refusal(Code.InvalidArgument, "no action on the key ring", "list, install, use or remove");
      const { local, answers } = await asked((api) => api.keyring(word, key));
      return { local, answers: answers.map(({ keys, ...answer }) => ({ ...answer, keys: [...keys] })) };
    },
    ...textsAndChat(asked),
  };
}

/** What all members keep, and who is in the chat. */
function textsAndChat(asked: Asked) {
  return {
    listBroadcasts: () => asked((api) => ({ broadcasts: api.values().map((value) => ({ ...value })) })),
    async setBroadcast({ key, text }: SetBroadcastRequest) {
      await asked((api) => api.setValue(key, text));
      return {};
    },
    async removeBroadcast({ key }: RemoveBroadcastRequest) {
      await asked((api) => api.removeValue(key));
      return {};
    },
    listChat: () => asked((api) => ({ participants: api.chat().map(chatMessageOf) })),
    async joinChat() {
      await asked((api) => api.setChat(true));
      return {};
    },
    async leaveChat() {
      await asked((api) => api.setChat(false));
      return {};
    },
  };
}

type Asked = <Result>(ask: (api: MembershipApi) => Result | Promise<Result>) => Promise<Result>;

function checkName(name: string, what: string): void {
  if (name === "") throw refusal(Code.InvalidArgument, `${what} needs a name`, "give one");
}

const ACTIONS: ReadonlyMap<KeyringAction, "list" | "install" | "use" | "remove"> = new Map([
  [KeyringAction.LIST, "list"],
  [KeyringAction.INSTALL, "install"],
  [KeyringAction.USE, "use"],
  [KeyringAction.REMOVE, "remove"],
]);

/** A client waits for the answers of a query all the time. */
const LONGEST_QUERY_MS = 60_000;
