import type { CallOptions } from "@connectrpc/connect";
import type { ParleyClient } from "#api/client-types.ts";
import type { BookPeer } from "#api/gen/parley/v1/peers_pb.ts";
import type { Peer } from "#api/gen/parley/v1/whisper_pb.ts";
import type { Candidate, LiveContext, LiveValues } from "#prompt/grammar.ts";
import {
  formatMemberState,
  formatPeerState,
  formatRunState,
  formatServiceState,
} from "#prompt/commands/states.ts";
import { unlessMissing } from "#prompt/commands/unless-missing.ts";

/** What Parley's own commands need of the program that they run in. */
export interface ParleyContext extends LiveContext {
  /** The node's API; connects first when there is no connection, so commands that need none run without a daemon. */
  client(): Promise<ParleyClient>;
  /** ms since the Unix epoch. */
  now(): number;
  /** Ends the prompt or the script after this command. */
  exit(): void;
  readonly live: {
    readonly service: LiveValues;
    readonly peer: LiveValues;
    /** Peers of all services, by address, name and fingerprint. */
    readonly knownpeer: LiveValues;
    readonly interface: LiveValues;
    readonly responder: LiveValues;
    /** Router ids of OSPF's neighbors, and of the routers of its database. */
    readonly neighbor: LiveValues;
    readonly ospfrouter: LiveValues;
    readonly ospfinterface: LiveValues;
    /** URLs of the directories that the node asks. */
    readonly directory: LiveValues;
    /** Names of members of the cluster. */
    readonly member: LiveValues;
    /** Keys of texts that all members keep. */
    readonly broadcast: LiveValues;
  };
}

/** The context of a program that has a client and can be left; what exists now is asked of the node. */
export function parleyContext(program: Omit<ParleyContext, "live">): ParleyContext {
  const { client, now, exit } = program;
  return {
    client,
    now,
    exit,
    live: {
      async service(call) {
        const { services } = await (await client()).node.listServices({}, call);
        return services.map(({ name, state }) => ({ text: name, help: formatServiceState(state) }));
      },
      async interface(call) {
        const { interfaces } = await (await client()).links.listInterfaces({}, call);
        return interfaces.map(({ name, running }) => ({ text: name, help: running ? "Up" : "Down" }));
      },
      async responder(call) {
        const { responders, available } = await (await client()).packets.listResponders({}, call);
        const names = [...new Set([...available, ...responders.map(({ name }) => name)])].sort();
        return names.map((text) => {
          const running = responders.filter(({ name }) => name === text);
          const states = running.map((each) => `${formatRunState(each.state)} on ${each.interface}`);
          return { text, help: states.length === 0 ? "not started" : states.join(", ") };
        });
      },
      ...ospfValues(client),
      ...clusterValues(client),
      async directory(call) {
        const { directories } = await (await client()).directory.getDirectory({}, call);
        return directories.map(({ url, state }) => ({ text: url, help: state }));
      },
      async knownpeer(call) {
        const { whisper, peers } = await client();
        const chat = (await unlessMissing(whisper.listPeers({}, call)))?.peers.map(chatValue) ?? [];
        const book = (await unlessMissing(peers.listBook({}, call)))?.peers.flatMap(bookValues) ?? [];
        const shown = new Set(chat.map(({ text }) => text));
        return [...chat, ...book.filter(({ text }) => !shown.has(text))];
      },
      async peer(call) {
        const { peers } = await (await client()).whisper.listPeers({}, call);
        return peers.map(chatValue);
      },
    },
  };
}

function chatValue({ address, nick, state }: Peer): Candidate {
  return {
    text: address,
    help: nick === "" ? formatPeerState(state) : `${nick}, ${formatPeerState(state)}`,
  };
}

/** A peer's addresses and, when it has announced itself, its name and its fingerprint. */
function bookValues({ name, identity, addresses }: BookPeer): Candidate[] {
  const values = addresses.map(({ address, kind, state }) => ({
    text: address,
    help: [name, kind, state].filter((text) => text !== "").join(", "),
  }));
  if (!identity) return values;
  const { fingerprint } = identity;
  return [
    ...values,
    { text: fingerprint, help: name },
    ...(name === "" ? [] : [{ text: name, help: fingerprint }]),
  ];
}

/** Members, and keys of what they broadcast. */
function clusterValues(client: ParleyContext["client"]) {
  return {
    async member(call: CallOptions) {
      const { members } = await (await client()).membership.listMembers({}, call);
      return members.map(({ name, address, state }) => {
        return { text: name, help: `${formatMemberState(state)} at ${address}` };
      });
    },
    async broadcast(call: CallOptions) {
      const { broadcasts } = await (await client()).membership.listBroadcasts({}, call);
      return broadcasts.map(({ key, text }) => ({ text: key, help: text }));
    },
  };
}

/** Router ids and interfaces of OSPF. */
function ospfValues(
  client: ParleyContext["client"],
): Pick<ParleyContext["live"], "neighbor" | "ospfrouter" | "ospfinterface"> {
  return {
    async neighbor(call) {
      const { neighbors } = await (await client()).ospf.listNeighbors({}, call);
      return neighbors.map(({ routerId, state, interface: name }) => {
        return { text: routerId, help: `${state} on ${name}` };
      });
    },
    async ospfrouter(call) {
      const routers = new Map<string, string>();
      for await (const { lsas } of (await client()).ospf.listDatabase({ type: ROUTER_LSA }, call))
        for (const { advertisingRouter, area } of lsas) routers.set(advertisingRouter, `in area ${area}`);
      return [...routers].map(([text, help]) => ({ text, help }));
    },
    async ospfinterface(call) {
      const { interfaces } = await (await client()).ospf.listInterfaces({}, call);
      return interfaces.map(({ name, state }) => ({ text: name, help: state }));
    },
  };
}

/** LS type: every router has one. */
const ROUTER_LSA = 1;
