import assert from "node:assert/strict";
import { test } from "node:test";
import { PROFILES } from "#membership/profiles.ts";
import type { SimHost } from "#sim/host.ts";
import { DEFAULT_VERSIONS } from "#wire/memberlist/messages.ts";
import { encodeStreamMessage } from "#wire/memberlist/stream.ts";
import {
  addNode,
  cluster,
  disagreement,
  eventsOf,
  hostOf,
  PORT,
  untilAgreement,
  type MembershipWorld,
} from "./membership-world.ts";

// A thousand where there is time for it.
const NODES = process.env.PARLEY_INTEROP === "required" ? 1_000 : 250;
const STORE = "10.9.9.9";

/** Answers whoever asks with the list of all: a thousand that join at once would keep this machine busy for minutes. */
async function listAll(host: SimHost): Promise<void> {
  const states = Array.from({ length: NODES }, (_, id) => ({
    ...{ name: `n${id}`, address: Uint8Array.from(hostOf(id).split("."), Number), port: PORT },
    ...{ incarnation: 1, state: 0, meta: undefined, versions: DEFAULT_VERSIONS },
  }));
  const answer = encodeStreamMessage({
    type: "pushPull",
    body: { join: true, states, userState: new Uint8Array(0) },
  });
  await host.streams.listen({ host: STORE, port: PORT }, (stream) => ({
    connected: () => {},
    data: () => {
      stream.write(answer);
      stream.close();
    },
    writable: () => {},
    closed: () => {},
  }));
}

function failures(world: MembershipWorld): string[] {
  const names = eventsOf(world, "failed").map(({ event }) =>
    event.type === "failed" ? event.member.name : "",
  );
  return [...new Set(names)].sort();
}

// At 10 % there are some suspicions every second, each of which all must hear of: minutes of work.
const LOSS = process.env.PARLEY_SEEDS === undefined ? 0.01 : 0.1;

test(`${NODES} members at ${100 * LOSS} % loss: nobody fails but who dies, and who comes is known to all`, async (context) => {
  // Gossip alone must do.
  const profile = { ...PROFILES.lan, pushPullIntervalMs: 60 * 60_000 };
  const options = {
    seed: 1,
    loss: LOSS,
    latencyMs: [1, 20] as const,
    setup: { profile, join: [`${STORE}:${PORT}`] },
  };
  const world = cluster({ ...options, nodes: 0 });
  await listAll(world.addHost(STORE));
  for (let id = 0; id < NODES; id++) addNode(world, { ...options, nodes: NODES });
  world.run(15_000);
  assert.equal(disagreement(world), undefined);
  assert.deepEqual(failures(world), []);
  const died = world.now;
  const dead = [7, NODES / 2, NODES - 1];
  for (const id of dead) world.crash(id);
  const known = untilAgreement(world, 60_000, 1_000);
  const first = Math.min(...eventsOf(world, "failed").map(({ at }) => at - died));
  assert.deepEqual(failures(world), dead.map((id) => `n${id}`).sort());
  addNode(world, { seed: 1, nodes: 1 });
  const joined = untilAgreement(world, 60_000, 100);
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  context.diagnostic(
    `deaths known to the first after ${seconds(first)} s, to all after ${seconds(known)} s; a new one after ${seconds(joined)} s`,
  );
});
