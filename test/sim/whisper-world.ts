import assert from "node:assert/strict";
import { seededRandom } from "#base/random.ts";
import { World } from "#sim/world.ts";
import type { WhisperCommand, WhisperEvent } from "#whisper/io.ts";
import { DEFAULT_LIMITS } from "#whisper/limits.ts";
import { Whisper } from "#whisper/whisper.ts";

export type WhisperWorld = World<WhisperCommand, WhisperEvent, Whisper>;

export interface Faulty {
  readonly seed: number;
  readonly nodes: number;
  readonly trace?: (line: string) => void;
}

/** What was said, and who must have shown it in the end. */
interface Said {
  readonly body: string;
  readonly audience: ReadonlySet<number>;
  readonly lives: readonly number[];
}

/**
 * Peers that know one or two of the first ones, on a network that loses, delays and cuts; then the seed chooses among
 * partitions, crashes, restarts and healing. After each change and a quiet time somebody speaks, and whoever stays up and
 * on the same side from then on must show it, once.
 */
export function whisperFaults({ seed, nodes, trace }: Faulty): WhisperWorld {
  const chance = seededRandom(`faults ${seed}`);
  const world: WhisperWorld = new World({
    seed,
    scenario: "whisper-faults",
    latencyMs: [1, 20],
    loss: 0.01 + 0.04 * chance.float(),
    cut: 0.05,
    ...(trace && { trace }),
  });
  const firsts = 1 + chance.below(3);
  for (let i = 0; i < nodes; i++) {
    const known = i === 0 ? [] : [`10.0.0.${1 + chance.below(Math.min(i, firsts))}:55555`];
    world.add(
      ({ id, host, random }) =>
        new Whisper({ address: `${host}:55555`, nick: `n${id}`, peers: known, limits: LIMITS }, random),
      { streams: 55555 },
    );
  }
  world.run(QUIET_MS);
  const said: Said[] = [];
  let side = (_id: number): number => 0;
  for (let act = 0; act < ACTS; act++) {
    const kind = chance.below(4);
    if (kind === 0) {
      const parts = 2 + chance.below(2);
      const salt = chance.next();
      side = (id) => seededRandom(`${salt} ${id}`).below(parts);
      world.split(side);
    } else if (kind === 1) {
      side = () => 0;
      world.heal();
    } else {
      for (const id of some(chance, nodes, 0.15)) {
        if (world.nodes[id]!.core) world.crash(id);
        else if (kind === 3) world.restart(id);
      }
    }
    world.run(QUIET_MS);
    speak(world, chance, side, said, `act ${act}`);
    world.run(5_000);
    // Who is up and on that side still is: nothing changed meanwhile.
    world.check(() => verify(world, said));
  }
  side = () => 0;
  world.heal();
  for (const { id, core } of world.nodes) if (!core) world.restart(id);
  world.run(2 * QUIET_MS);
  speak(world, chance, side, said, "at last");
  world.run(5_000);
  world.check(() => verify(world, said));
  return world;
}

function speak(
  world: WhisperWorld,
  chance: ReturnType<typeof seededRandom>,
  side: (id: number) => number,
  said: Said[],
  label: string,
): void {
  const up = world.nodes.filter(({ core }) => core);
  for (let i = 0; i < 2 && up.length > 0; i++) {
    const { id } = up[chance.below(up.length)]!;
    const body = `${label}, ${i}`;
    const audience = new Set(up.filter((other) => side(other.id) === side(id)).map((other) => other.id));
    said.push({ body, audience, lives: world.nodes.map(({ lives }) => lives) });
    world.push(id, { type: "say", body, time: 1 });
  }
}

/** Each message once where it was due, and never twice in one life of a node. */
function verify(world: WhisperWorld, said: readonly Said[]): void {
  const { body, audience, lives } = said.at(-1)!;
  for (const node of world.nodes) {
    const shown = new Map<string, number>();
    for (const { event } of node.events) {
      if (event.type === "message") shown.set(event.message.body, (shown.get(event.message.body) ?? 0) + 1);
    }
    for (const [text, count] of shown)
      assert.ok(count <= node.lives, `node ${node.id} showed "${text}" ${count} times`);
    if (!audience.has(node.id) || node.lives !== lives[node.id]) continue;
    for (const each of said.slice(-2)) {
      if (each.audience.has(node.id))
        assert.equal(shown.get(each.body), 1, `node ${node.id}, "${each.body}" of "${body}"`);
    }
  }
}

function some(chance: ReturnType<typeof seededRandom>, count: number, share: number): number[] {
  return Array.from({ length: count }, (_, id) => id).filter(() => chance.float() < share);
}

/** Of 200 nodes each looks for a few: a full mesh would cost 40,000 frames a message. */
const LIMITS = { ...DEFAULT_LIMITS, wantedLinks: 4, maximumLinks: 40 };
const ACTS = 2;
/** Longer than keepalive (70 s) and the longest pause before a dial (60 s, and half of it more) together. */
const QUIET_MS = 180_000;
