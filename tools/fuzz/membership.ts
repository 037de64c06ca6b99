import type { Random } from "#base/random.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { DEFAULT_VERSIONS } from "#wire/memberlist/messages.ts";
import { encodeMessage, type PacketMessage } from "#wire/memberlist/packet.ts";
import { encodeStreamMessage } from "#wire/memberlist/stream.ts";
import { withCrc } from "#wire/memberlist/wrapping.ts";
import { AttackedCluster, NAMES, type ClusterKind } from "./membership-cluster.ts";
import { must, type Target } from "./target.ts";
import { inputOf, itemsIn, type Item } from "./items.ts";

/**
 * An input is a row of what an attacker sends: how (a byte), its length (two), and its bytes. The low bits of the first
 * byte say to which member; further ones that it goes over a stream, in pieces, in layers of the cluster or with another key,
 * and that time passes before it.
 */
const MEMBER = 0x03;
const IS_STREAM = 0x04;
const IS_IN_PIECES = 0x08;
const IS_LAYERED = 0x10;
const WAITS = 0xe0;

/** A longer row takes too long. */
const MOST_ITEMS = 40;
/** After it ghosts have failed and are forgotten, and names that were stolen are free again. */
const QUIET_MS = 20 * 60_000;

/**
 * Four members in virtual time and an attacker. In a plain cluster everyone may claim anything: whatever it sends, nobody
 * throws or grows without bound, nothing leaves that crashes Go peers, and after quiet time all know all again. In an
 * encrypted one who has no key changes nothing at all, also not by replaying what the members sent.
 */
export function membershipTarget(kind: ClusterKind): Target {
  return {
    name: kind === "plain" ? "membership" : "membership-sealed",
    longest: 8_192,
    seeds: () => [...liveInputs(kind), ...trickInputs()],
    make: (random) => madeInput(random, kind),
    run(input) {
      const cluster = new AttackedCluster(kind);
      let count = 0;
      for (const { how, bytes } of itemsIn(input)) {
        if (count++ >= MOST_ITEMS) break;
        cluster.run(((how & WAITS) >> 5) * 400);
        const attack = (how & IS_LAYERED) === 0 ? bytes : cluster.layered(bytes, (how & IS_STREAM) !== 0);
        if ((how & IS_STREAM) === 0) cluster.sendDatagram(how & MEMBER, attack);
        else cluster.sendStream(how & MEMBER, attack, (how & IS_IN_PIECES) === 0 ? 1 : 5);
      }
      cluster.run(2_000);
      if (kind === "sealed") must(cluster.events.length === 0, "who has no key is heard", cluster.events);
      const took = cluster.untilWell(QUIET_MS);
      must(took !== undefined, "members are harmed for good", cluster.trouble());
      cluster.checkBounds();
      return `${cluster.outcome()} ${Math.ceil(took / 30_000)}`;
    },
  };
}

/** What the members themselves send, sent again: to each what came to another. */
function liveInputs(kind: ClusterKind): Uint8Array[] {
  const { packets, streams } = new AttackedCluster(kind).recorded;
  const rows: Uint8Array[] = [];
  for (let at = 0; at + 8 <= packets.length && rows.length < 20; at += 8)
    rows.push(inputOf(packets.slice(at, at + 8).map((bytes, i) => [(i & MEMBER) | ((i & 1) << 5), bytes])));
  for (const [i, bytes] of streams.slice(0, 12).entries())
    rows.push(inputOf([[IS_STREAM | (i & MEMBER) | ((i & 1) << 3), bytes]]));
  return rows;
}

function accusation(type: "suspect" | "dead", node: string, incarnation: number, from: string): Uint8Array {
  return encodeMessage({ type, body: { node, incarnation, from } });
}

function alive(node: string, incarnation: number, last = 9, changes: object = {}): Uint8Array {
  const body = { node, incarnation, address: Uint8Array.of(10, 0, 0, last), port: 7946, meta: undefined };
  return encodeMessage({
    type: "alive",
    body: { ...body, versions: DEFAULT_VERSIONS, ...changes },
  } as PacketMessage);
}

/** The traps of the wire notes: what crashed, split or fooled real clusters. */
function trickInputs(): Uint8Array[] {
  const [first, second] = NAMES;
  const last = 0xffff_ffff;
  const threeBytes = alive("ghost", 1);
  const cut = Uint8Array.from([...threeBytes.subarray(0, threeBytes.length - 7), 0xa3, 1, 5, 2]);
  const noVersions = bytesOf("0483 a441646472a40a000009 ab496e6361726e6174696f6e01 a44e6f6465a567686f7374");
  const rows: readonly (readonly Uint8Array[])[] = [
    // Empty parts, compression and checksums; compounds of too many parts.
    ["0701", "07010000", "07800000", `0780${"0001".repeat(128)}${"00".repeat(128)}`].map(bytesOf),
    ["0c00000000", "09", "0980", "0982a4416c676f00a3427566a0", "0982a4416c676f01a342756601"].map(bytesOf),
    [cut, cut, withCrc(cut), noVersions, noVersions],
    [alive("", 5), alive(first!, last, 1), accusation("dead", first!, last, second!)],
    [accusation("suspect", first!, last - 1, "ghost"), accusation("dead", first!, last, first!)],
    // A leave in its name, and then its name.
    [accusation("dead", second!, 9, second!), alive(second!, 10, 9), alive(second!, 11, 10)],
    [accusation("dead", second!, 9, second!), alive(second!, 10, 1, { versions: new Uint8Array(6).fill(9) })],
    [alive("ghost", 1, 1), alive("ghost2", 1, 2, { port: 0 }), alive("ghost3", 2, 255)],
    [alive("ghost", 1, 9, { meta: new Uint8Array(512) }), alive("x".repeat(255), 1)],
    NAMES.map((name) => accusation("suspect", name, 1, "ghost")),
    NAMES.map((name) => accusation("dead", name, 1, "ghost")),
    NAMES.map((name) => accusation("dead", name, 1, name)),
    // A float for an incarnation, a lower-case map.
    ["0381ab496e6361726e6174696f6ecb3ff0000000000000", "0481a46e6f6465a167"].map(bytesOf),
  ];
  const inputs = rows.map((row) => inputOf(row.map((bytes, i) => [i & MEMBER, bytes])));
  // Each said to the next one of whom it is about.
  for (const row of rows) inputs.push(inputOf(row.map((bytes, i) => [(i + 1) & MEMBER, bytes])));
  const states = Array.from({ length: 60 }, (_, i) => ({
    ...{ name: `ghost${i}`, address: Uint8Array.of(10, 0, 9, i + 1), port: 7946, incarnation: 1 },
    ...{ state: i % 5, meta: undefined, versions: DEFAULT_VERSIONS },
  }));
  const exchange = encodeStreamMessage({
    type: "pushPull",
    body: { join: true, states, userState: new Uint8Array(9) },
  });
  const many = bytesOf("0683a44a6f696ec3a54e6f646573cefffffffface5573657253746174654c656ece7fffffff");
  for (const bytes of [
    exchange,
    many,
    bytesOf("0affffffff01"),
    bytesOf("0881aa557365724d73674c656ece7fffffff"),
  ])
    inputs.push(inputOf([0, 1, 2].map((i) => [IS_STREAM | i | (i << 3), bytes])));
  return inputs;
}

/** Messages about members and ghosts, with ends of ranges in them. */
function madeInput(random: Random, kind: ClusterKind): Uint8Array {
  const pick = <T>(...from: readonly T[]): T => from[random.below(from.length)]!;
  const name = (): string => (random.below(4) === 0 ? `ghost${random.below(40)}` : pick(...NAMES));
  const incarnation = (): number => pick(0, 1, 2, 3, 4, 7, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff);
  const message = (): Uint8Array => {
    const type = random.below(6);
    if (type < 2) return accusation(type === 0 ? "suspect" : "dead", name(), incarnation(), name());
    if (type < 4) {
      const versions = pick(
        DEFAULT_VERSIONS,
        DEFAULT_VERSIONS,
        new Uint8Array(6),
        Uint8Array.of(1, 5, 5, 0, 0, 0),
      );
      const changes = {
        versions,
        port: pick(7946, 7946, 0, 1, 65_535),
        meta: pick(undefined, new Uint8Array(3)),
      };
      return alive(name(), incarnation(), 1 + random.below(9), changes);
    }
    const source = { sourceAddress: Uint8Array.of(10, 0, 0, 1 + random.below(6)), sourcePort: 7946 };
    const common = { node: name(), sequenceNumber: random.below(4), ...source };
    if (type === 4) return encodeMessage({ type: "ping", body: common });
    const target = Uint8Array.of(10, 0, 0, 1 + random.below(9));
    return encodeMessage({ type: "indirectPing", body: { ...common, target, port: 7946, nack: true } });
  };
  const layers = kind === "sealed" ? IS_LAYERED : 0;
  const items = Array.from({ length: 1 + random.below(12) }, (): Item => {
    const how = random.below(256) & ~(IS_STREAM | IS_LAYERED);
    return [how | (random.below(2) * layers), message()];
  });
  return inputOf(items);
}
