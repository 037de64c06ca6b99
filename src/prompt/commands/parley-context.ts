import type { ParleyClient } from "#api/client-types.ts";
import type { LiveContext, LiveValues } from "#prompt/grammar.ts";
import { formatPeerState, formatRunState, formatServiceState } from "#prompt/commands/states.ts";

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
    readonly interface: LiveValues;
    readonly responder: LiveValues;
    /** Router ids of OSPF's neighbors, and of the routers of its database. */
    readonly neighbor: LiveValues;
    readonly ospfrouter: LiveValues;
    readonly ospfinterface: LiveValues;
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
      async peer(call) {
        const { peers } = await (await client()).whisper.listPeers({}, call);
        return peers.map(({ address, nick, state }) => ({
          text: address,
          help: nick === "" ? formatPeerState(state) : `${nick}, ${formatPeerState(state)}`,
        }));
      },
    },
  };
}

/** LS type: every router has one. */
const ROUTER_LSA = 1;
