import { writeIpv4 } from "#base/ipv4.ts";
import { fletcherChecksum } from "#base/checksum.ts";
import type { Random } from "#base/random.ts";
import type { Authentication } from "#ospf/config.ts";
import { sign } from "#ospf/authentication.ts";
import { CHANGE_EVENTS_AT_ONCE, MOST_MISMATCHES, OWN_LSAS_BEYOND } from "#ospf/limits.ts";
import { Bench } from "#ospf/testing/bench.ts";
import { GOLDEN_CAPTURES, ospfPacketsOf } from "../../test/captures/ospf-packets.ts";
import { Peer } from "#ospf/testing/peer.ts";
import { wholeLsa } from "#ospf/testing/whole-lsas.ts";
import { must, type Target } from "./target.ts";

/**
 * An input is a row of packets: how each comes in (a byte), its length (two), and the packet from the OSPF header on. The
 * low bits of the first byte say which neighbor sends it; further ones that header, checksums and digest are made right, and
 * that time passes before it.
 */
const SENDER = 0x03;
const IS_WHOLE = 0x04;
const IS_ITS_OWN = 0x08;
const HAS_RIGHT_LSAS = 0x10;
const WAITS = 0xe0;

/** What is too much for the router of this target. */
const MOST_LSAS = 64;
const MOST_SENT = 4_000;

const SIGNED: Authentication = {
  type: "cryptographic",
  keys: [{ id: 1, algorithm: "md5", secret: "fuzz" }],
};

/** A router with neighbors in several states: whatever they send, it goes on, and the neighbor that behaves stays Full. */
export function ospfRouterTarget(): Target {
  return {
    name: "ospf-router",
    longest: 8_192,
    seeds: () => [...capturedInputs(), ...liveInputs()],
    make: madeInput,
    run(input) {
      const { bench, good, senders } = surroundings();
      const sentBefore = bench.sent.length;
      let count = 0;
      for (const { how, packet } of packetsIn(input)) {
        const sender = senders[how & SENDER]!;
        const wait = ((how & WAITS) >> 5) * 700;
        if (wait > 0) pass(bench, good, wait);
        bench.receive(sender.on, sender.address, madeRight(packet, how, sender));
        count++;
      }
      pass(bench, good, 12_000);
      check(bench, good, bench.sent.length - sentBefore, count);
      const dropped = [
        ...new Set(["lan", "link"].flatMap((name) => Object.keys(bench.dropped(name)))),
      ].sort();
      return `${senders.map(({ state }) => state)} ${dropped}`;
    },
  };
}

function surroundings(): { bench: Bench; good: Peer; senders: readonly Peer[] } {
  const bench = new Bench({
    interfaces: {
      safe: { address: "10.9.0.1/24" },
      lan: { address: "10.0.0.1/24", config: { type: "broadcast", priority: 0 } },
      link: { address: "10.1.0.1/24", config: { authentication: SIGNED } },
    },
    config: { maximumLsas: MOST_LSAS },
  });
  const good = new Peer(bench, { on: "safe", routerId: "192.0.2.2", address: "10.9.0.2" });
  good.becomeFull(wholeLsa({ type: 1, id: "192.0.2.2", router: "192.0.2.2" }));
  const lan = (at: number) =>
    new Peer(bench, { on: "lan", routerId: `192.0.2.${at}`, address: `10.0.0.${at}`, priority: at });
  const [full, loading, new_] = [lan(30), lan(20), lan(10)];
  for (const peer of [full, loading, new_]) [peer.designated, peer.backup] = [full.address, loading.address];
  full.becomeFull(wholeLsa({ type: 1, id: "192.0.2.30", router: "192.0.2.30" }));
  loading.exchange(wholeLsa({ id: "203.0.113.0" }));
  const link = new Peer(bench, { on: "link", routerId: "192.0.2.40", address: "10.1.0.2" });
  link.hello();
  return { bench, good, senders: [full, loading, new_, link] };
}

function pass(bench: Bench, good: Peer, ms: number): void {
  for (let left = ms; left > 0; left -= 4_000) {
    bench.advance(Math.min(4_000, left));
    if (good.state === "Full") {
      good.hello();
      good.acknowledgeAll();
    }
  }
}

function check(bench: Bench, good: Peer, sent: number, packets: number): void {
  const { state, wakeAt } = bench.router;
  must(good.state === "Full", "the neighbor that behaves is no longer Full", good.state);
  must(wakeAt > bench.now, "the router never sleeps", wakeAt, bench.now);
  const most = MOST_LSAS + OWN_LSAS_BEYOND;
  must(state.size <= most, "more LSAs than there is room for", state.size);
  must(sent <= MOST_SENT + 40 * packets, "more packets than those that came are worth", sent, packets);
  must(bench.events.length < CHANGE_EVENTS_AT_ONCE, "too many events", bench.events.length);
  for (const on of state.interfaces.values()) {
    must(on.mismatches.size <= MOST_MISMATCHES, "too many mismatches", on.mismatches.size);
    for (const { requests, retransmissions } of on.neighbors.values())
      must(requests.size <= most && retransmissions.size <= most, "lists too long", requests.size);
  }
  let size = 0;
  for (const lsdb of [
    state.lsdb,
    state.areas.get(0)!.lsdb,
    ...[...state.interfaces.values()].map((on) => on.lsdb),
  ]) {
    let octets = 0;
    for (const lsa of lsdb.lsas()) octets += lsa.size;
    must(octets === lsdb.octets, "octets that are counted wrong", octets, lsdb.octets);
    size += lsdb.size;
  }
  must(size === state.size, "LSAs that are counted wrong", size, state.size);
}

function* packetsIn(input: Uint8Array): Generator<{ how: number; packet: Uint8Array }> {
  for (let at = 0; at + 3 <= input.length;) {
    const length = (input[at + 1]! << 8) | input[at + 2]!;
    yield { how: input[at]!, packet: input.subarray(at + 3, at + 3 + length) };
    at += 3 + length;
  }
}

function inputOf(packets: readonly { readonly how: number; readonly packet: Uint8Array }[]): Uint8Array {
  return Uint8Array.from(
    packets.flatMap(({ how, packet }) => [how, packet.length >> 8, packet.length & 255, ...packet]),
  );
}

/** With what its first byte asks for, so that more than the first check is met. */
function madeRight(packet: Uint8Array, how: number, sender: Peer): Uint8Array {
  if ((how & IS_WHOLE) === 0 || packet.length < 24) return packet;
  const right = packet.slice();
  right[0] = 2;
  right[2] = right.length >> 8;
  right[3] = right.length;
  if ((how & IS_ITS_OWN) !== 0) writeIpv4(right, 4, sender.routerId);
  writeIpv4(right, 8, 0);
  if (right[1] === 4 && (how & HAS_RIGHT_LSAS) !== 0) makeLsasRight(right);
  right.fill(0, 12, 24);
  return sign(
    right,
    sender.authentication,
    5_000 + Math.floor(sender.bench.now / 1_000),
    sender.bench.cipher,
  );
}

function makeLsasRight(packet: Uint8Array): void {
  for (let at = 28; at + 20 <= packet.length;) {
    const length = (packet[at + 18]! << 8) | packet[at + 19]!;
    if (length < 20 || at + length > packet.length) return;
    const lsa = packet.subarray(at, at + length);
    const sum = fletcherChecksum(lsa, 2, length, 16);
    lsa[16] = sum >> 8;
    lsa[17] = sum;
    at += length;
  }
}

/** How packets of others come in so that most of what they say is heard. */
const AS_ITS_OWN = IS_WHOLE | IS_ITS_OWN | HAS_RIGHT_LSAS;

function plain(payload: Uint8Array): Uint8Array {
  return payload.subarray(0, (payload[2]! << 8) | payload[3]!);
}

function capturedInputs(): Uint8Array[] {
  const all = GOLDEN_CAPTURES.flatMap((file) => ospfPacketsOf(file).map(({ payload }) => plain(payload)));
  const rows: Uint8Array[] = [];
  for (let at = 0; at + 6 < all.length; at += 6)
    rows.push(
      inputOf(all.slice(at, at + 6).map((packet, i) => ({ how: AS_ITS_OWN | (i & SENDER), packet }))),
    );
  return rows;
}

/** What a router of this kind sends while adjacencies form, sent back to it. */
function liveInputs(): Uint8Array[] {
  const { bench } = surroundings();
  return [0, 1, 2, 3].map((sender) =>
    inputOf(bench.sent.map(({ payload }) => ({ how: AS_ITS_OWN | sender, packet: plain(payload) }))),
  );
}

/** A few LSAs and requests with ends of ranges in them. */
function madeInput(random: Random): Uint8Array {
  const pick = <T>(...from: readonly T[]): T => from[random.below(from.length)]!;
  const packets = Array.from({ length: 1 + random.below(6) }, () => {
    const lsa = wholeLsa({
      type: pick(1, 2, 3, 4, 5, 9, 10, 11, 8),
      router: pick("192.0.2.1", "192.0.2.2", "192.0.2.30", "0.0.0.0", "255.255.255.255"),
      id: pick("192.0.2.1", "10.0.0.1", "10.0.0.30", "203.0.113.0", "0.0.0.0"),
      sequence: pick(-0x7fff_ffff, -0x7fff_fffe, 0, 0x7fff_fffe, 0x7fff_ffff),
      age: pick(0, 1, 3_599, 3_600),
      body: Uint8Array.from({ length: 4 * random.below(8) }, () => pick(0, 1, 2, 12, 255)),
    });
    const header = new Uint8Array(24);
    header[1] = pick(4, 4, 4, 5, 3);
    const body =
      header[1] === 4
        ? [0, 0, 0, 1, ...lsa.bytes]
        : header[1] === 5
          ? lsa.bytes.subarray(0, 20)
          : [0, 0, 0, lsa.type, ...lsa.bytes.subarray(4, 12)];
    return { how: AS_ITS_OWN | random.below(256), packet: Uint8Array.of(...header, ...body) };
  });
  return inputOf(packets);
}
