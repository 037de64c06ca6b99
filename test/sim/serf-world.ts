import { seededRandom, type Random } from "#base/random.ts";
import type { MembershipEvent, MembershipSetup } from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { PROFILES } from "#membership/profiles.ts";
import type { Attachment, SerfEvent, SerfInput, Tags } from "#membership/serf/io.ts";
import { Serf } from "#membership/serf/serf.ts";
import { simCipher } from "#sim/cipher.ts";
import { World, type WorldOptions } from "#sim/world.ts";
import { hostOf, PORT } from "./membership-world.ts";

type Event = MembershipEvent | SerfEvent;
export type SerfCommand = Exclude<SerfInput, { readonly type: "wake" }>;
export type SerfWorld = World<SerfInput, Event, Serf>;

export interface SerfCluster extends WorldOptions {
  readonly nodes: number;
  readonly setup?: Partial<MembershipSetup>;
  readonly tagsOf?: (id: number) => Tags;
  readonly attachmentOf?: (id: number) => Attachment;
}

/** Nodes that all start now and know the first one. */
export function serfCluster(options: SerfCluster): SerfWorld {
  const world: SerfWorld = new World(options);
  for (let i = 0; i < options.nodes; i++) addSerf(world, options);
  return world;
}

export function addSerf(world: SerfWorld, options: Omit<SerfCluster, "nodes">): number {
  const { setup, tagsOf = () => ({}), attachmentOf } = options;
  const make = ({ id, host, random }: { id: number; host: string; random: Random }): Serf => {
    const membership: MembershipSetup = {
      ...{ name: `n${id}`, address: `${host}:${PORT}`, meta: new Uint8Array(0), profile: PROFILES.lan },
      ...{ limits: DEFAULT_MEMBERSHIP_LIMITS, join: id === 0 ? [] : [`${hostOf(0)}:${PORT}`], keys: [] },
      ...{ acceptPlain: false, sendPlain: false, label: "", compression: false, protocol: 2 },
      ...{ delegateVersions: [0, 0, 0], reclaimAfterMs: 0 },
      ...setup,
    };
    const cipher = simCipher(seededRandom(random.state()));
    return new Serf({ membership, tags: tagsOf(id) }, random, cipher, attachmentOf?.(id));
  };
  return world.add(make, { streams: PORT, datagrams: PORT }).id;
}

type EventOf<Type extends Event["type"], Any = Event> = Any extends { readonly type: infer Its }
  ? Type extends Its
    ? Any
    : never
  : never;

/** Events of one kind that came since `from`, from all nodes. */
export function said<Type extends Event["type"]>(
  world: SerfWorld,
  type: Type,
  from = 0,
): { at: number; id: number; event: EventOf<Type> }[] {
  return world.nodes.flatMap(({ id, events }) =>
    events.flatMap(({ at, event }) =>
      event.type === type && at >= from ? [{ at, id, event: event as never }] : [],
    ),
  );
}
