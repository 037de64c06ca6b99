import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { compress, decompress } from "#wire/memberlist/lzw.ts";
import { ALIVE, DEFAULT_VERSIONS, NODE_STATE, PING } from "#wire/memberlist/messages.ts";
import { encodeMessage } from "#wire/memberlist/packet.ts";
import type { Arena } from "./contenders.ts";

const RUN_MS = 400;
const ROUNDS = 3;

/** Messages written and read in a second, beside memberlist's codec and Go's LZW with the same values. Best of rounds. */
export function codec(arena: Arena): void {
  const program = arena.buildGo(fileURLToPath(new URL("codec.go", import.meta.url)), "codec");
  console.log("codec: thousands a second of processor time, best of rounds in turns");
  const ours = new Map<string, number>();
  const theirs = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of CASES) note(ours, name, rate(run));
    const lines = execFileSync(program, { encoding: "utf8" }).trim().split("\n");
    for (const line of lines) {
      const [name, perSecond] = line.split("\t");
      note(theirs, name!, Number(perSecond));
    }
  }
  for (const [name] of CASES) {
    const [own = 0, other = 0] = [ours.get(name), theirs.get(name)];
    const shown = (value: number): string => (value / 1_000).toFixed(value < 1e5 ? 1 : 0).padStart(7);
    const ratio = (own / other).toFixed(1);
    console.log(`  ${name.padEnd(30)} parley ${shown(own)}  memberlist ${shown(other)}  (${ratio} times)`);
  }
}

function note(best: Map<string, number>, name: string, perSecond: number): void {
  best.set(name, Math.max(best.get(name) ?? 0, perSecond));
}

/** By processor time, so that what else runs counts little. */
function rate(run: () => void): number {
  for (const end = performance.now() + RUN_MS / 2; performance.now() < end;) run();
  let count = 0;
  const before = process.cpuUsage();
  for (const end = performance.now() + RUN_MS; performance.now() < end; count += BATCH)
    for (let i = 0; i < BATCH; i++) run();
  const { user, system } = process.cpuUsage(before);
  return (1e6 * count) / (user + system);
}

const BATCH = 64;

// The same values as in codec.go.
const address = Uint8Array.of(127, 0, 0, 3);
const ping = {
  node: "gamma",
  sequenceNumber: 77,
  sourceAddress: address,
  sourceNode: "beta",
  sourcePort: 7946,
};
const alive = {
  ...{ node: "gamma", address, port: 7946, incarnation: 3 },
  ...{ meta: new TextEncoder().encode("m-gamma"), versions: DEFAULT_VERSIONS },
};
const { node: _, ...rest } = alive;
const state = { name: "gamma", state: 0, ...rest };
const pingBytes = PING.encode(ping);
const aliveBytes = ALIVE.encode(alive);
const stateBytes = NODE_STATE.encode(state);
const text = Uint8Array.from(
  Array.from({ length: 13 }, () => [...encodeMessage({ type: "alive", body: alive })]).flat(),
);
const packed = compress(text);

const CASES: readonly (readonly [string, () => void])[] = [
  ["ping, written", () => void PING.encode(ping)],
  ["ping, read", () => void PING.decode(pingBytes)],
  ["alive, written", () => void ALIVE.encode(alive)],
  ["alive, read", () => void ALIVE.decode(aliveBytes)],
  ["node of a push/pull, written", () => void NODE_STATE.encode(state)],
  ["node of a push/pull, read", () => void NODE_STATE.decode(stateBytes)],
  ["packet of 13, compressed", () => void compress(text)],
  ["packet of 13, decompressed", () => void decompress(packed, 65_536)],
];
