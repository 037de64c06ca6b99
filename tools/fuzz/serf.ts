import type { Random } from "#base/random.ts";
import { LAST_TIME } from "#membership/serf/lamport-clock.ts";
import { INTERNAL_PREFIX, SERF_LIMITS } from "#membership/serf/limits.ts";
import { TestSerf } from "#membership/serf/testing/node.ts";
import { isPlausible } from "#membership/serf/vivaldi.ts";
import { encodeFilter, encodeKeyRequest } from "#wire/memberlist/serf-answers.ts";
import {
  COORDINATE,
  decodeSerfState,
  encodeCoordinate,
  encodeSerf,
  EVENT,
  JOIN,
  LEAVE,
  QUERY,
  RELAY,
  RESPONSE,
  STATE,
  type SerfMessage,
  type SerfQuery,
} from "#wire/memberlist/serf.ts";
import { must, type Target } from "./target.ts";
import { inputOf, itemsIn, type Item } from "./items.ts";

/**
 * An input is a row of what members say to Serf's layer: how (a byte), its length (two), and its bytes. The low bits of the
 * first byte say whether they are a message, a state in a push/pull, or a coordinate; further ones who says it, and that
 * time passes before it.
 */
const KIND = 0x03;
const SPEAKER = 0x0c;
const WAITS = 0xe0;

/** A longer row takes too long. */
const MOST_ITEMS = 60;
/** Packets that one message may cause: relayed answers, and gossip to a few members. */
const MOST_ANSWERS = 60;
const MOST_AT_REST_PER_SECOND = 20;
const NAMES = ["self", "n2", "n3", "n4", "n5"];
const KEY = new Uint8Array(16).fill(1);

/** A member of a Serf cluster: whatever the others say, it goes on, says nothing that harms them, and stays within bounds. */
export function serfTarget(): Target {
  return {
    name: "serf",
    longest: 8_192,
    seeds: () => tricks().map((messages) => inputOf(messages.map((message) => [0, message]))),
    make: madeInput,
    run(input) {
      const node = surroundings();
      const disputes = { count: 0 };
      let count = 0;
      for (const { how, bytes } of itemsIn(input)) {
        if (count++ >= MOST_ITEMS) break;
        const wait = ((how & WAITS) >> 5) * 300;
        if (wait > 0) node.run(wait);
        put(node, how, bytes);
        check(node, disputes);
      }
      node.run(6_000);
      check(node, disputes);
      return outcome(node, count);
    },
  };
}

function surroundings(): TestSerf {
  const node = new TestSerf({ keys: [KEY], acceptPlain: true, sendPlain: true }, { role: "web" });
  for (const x of [2, 3, 4, 5]) node.meets(x, { role: `r${x}` });
  node.put({
    ...{ type: "query", id: 1, name: "load", payload: new Uint8Array(0), timeoutMs: 5_000 },
    ...{ acknowledge: true, filters: {} },
  });
  return node;
}

function put(node: TestSerf, how: number, bytes: Uint8Array): void {
  const speaker = 2 + ((how & SPEAKER) >> 2);
  const kind = how & KIND;
  if (kind === 1) node.exchanges(bytes, [], speaker);
  else if (kind === 2) node.acknowledgesAll(bytes);
  else node.hears(bytes, speaker);
  for (const { query } of node.eventsOf("query-received").slice(-2))
    node.put({ type: "respond", query, payload: Uint8Array.of(1) });
}

/** What it says now must harm nobody, and go to members. */
function check(node: TestSerf, disputes: { count: number }): void {
  for (const { to, message } of node.takeSaid()) {
    const isMember = /^192\.0\.2\.[2-5]$/.test(to);
    must(isMember || message.type === "response", "a packet to no member", to, message);
    if (!isMember) disputes.count++;
    checkMessage(message);
  }
  must(disputes.count <= 2 * SERF_LIMITS.strangers, "too many answers to strangers", disputes.count);
}

function checkMessage(message: SerfMessage): void {
  if (message.type === "relay") return checkMessage(message.message);
  if (message.type === "query") {
    must(
      (message.body.filters ?? []).every(({ length }) => length > 0),
      "a filter that crashes peers",
      message,
    );
    const isChange = /^_serf_(install|use|remove)-key$/.test(message.body.name);
    must(!isChange || (message.body.payload?.length ?? 0) > 0, "a key request that crashes peers", message);
  }
  if (message.type === "state") return;
  must(message.body.ltime <= BigInt(LAST_TIME), "a time at the end of all times", message);
}

function outcome(node: TestSerf, count: number): string {
  const { core } = node;
  must(core.wakeAt > node.now || core.wakeAt === Infinity, "it never sleeps", core.wakeAt, node.now);
  must(core.counters().size < 256 + SERF_LIMITS.reasons, "too many reasons", core.counters().size);
  must(core.queries().length === 0, "a query without an end", core.queries());
  must(core.members().length <= NAMES.length, "a member from nowhere", core.members().length);
  must(core.keys.length >= 1 && core.keys.length <= 64, "a key ring without keys", core.keys.length);
  must(isPlausible(core.coordinate("self")!), "a place that nobody has", core.coordinate("self"));
  const seconds = node.now / 1_000;
  const sent = core.counters().get("packets sent")!;
  must(
    sent <= MOST_ANSWERS * (count + 4) + MOST_AT_REST_PER_SECOND * seconds,
    "too many packets",
    sent,
    count,
  );
  const before = node.eventsOf("user-event").length;
  node.put({ type: "event", name: "still here", payload: new Uint8Array(0), coalesce: false });
  must(node.eventsOf("user-event").length === before + 1, "an event of ours is not heard");
  const written = node.exchanges(new Uint8Array(0));
  const at = Buffer.from(written).indexOf(Buffer.from("0286aa4576656e744c54696d65", "hex"));
  const state = decodeSerfState(written.subarray(at));
  must(state !== undefined && state.rest.length === 0, "a state that cannot be read");
  must(written.length < 2 * SERF_LIMITS.rememberedBytes, "a state that is too long", written.length);
  const reasons = [...core.counters().keys()].filter((name) =>
    /^(bad|refused|ignored|old|full|could)/.test(name),
  );
  const kinds = node.events.map(({ type }) => type);
  return [...new Set([...reasons, ...kinds])].sort().join(";");
}

const ASKED: SerfQuery = {
  ...{ address: Uint8Array.of(192, 0, 2, 2), port: 7946, sourceNode: "n2", flags: 1, id: 7, ltime: 3n },
  ...{ name: "load", relayFactor: 2, timeout: 1_000_000_000n },
};

function query(changes: Partial<SerfQuery>): Uint8Array {
  return encodeSerf({ type: "query", body: { ...ASKED, ...changes } });
}

/** What crashes Go peers, or drives something to its end. */
function tricks(): readonly (readonly Uint8Array[])[] {
  const last = 2n ** 64n - 1n;
  const end = BigInt(LAST_TIME);
  const filters = [
    encodeFilter({ type: "nodes", names: ["self"] }),
    encodeFilter({ type: "tag", tag: "role", expression: "^(a+)+$|w" }),
  ];
  return [
    [query({}), query({ id: 8, filters }), query({ id: 9, filters: [new Uint8Array(0)] })],
    ["install", "use", "remove"].map((name, id) => query({ id, name: `${INTERNAL_PREFIX}${name}-key` })),
    [
      query({ name: "_serf_install-key", payload: encodeKeyRequest(new Uint8Array(32)) }),
      query({ id: 8, name: "_serf_use-key", payload: encodeKeyRequest(new Uint8Array(32)) }),
      query({ id: 9, name: "_serf_remove-key", payload: encodeKeyRequest(KEY) }),
      query({ id: 10, name: "_serf_list-keys", payload: encodeKeyRequest(new Uint8Array(0)) }),
    ],
    [query({ ltime: last }), query({ ltime: end, id: 8 }), query({ ltime: end, id: 9 })],
    [last, end, end - 1n].map((ltime) =>
      encodeSerf({ type: "event", body: { ltime, name: "e", coalesce: true } }),
    ),
    ["self", "n2", "n9"].map((node) => encodeSerf({ type: "leave", body: { ltime: 9n, node, prune: true } })),
    [last, end].map((ltime) => encodeSerf({ type: "join", body: { ltime, node: "self" } })),
    [
      query({ timeout: -(2n ** 63n) }),
      query({ timeout: 2n ** 63n - 1n, id: 8 }),
      query({ relayFactor: 255, id: 9 }),
    ],
    [query({ name: "_serf_conflict", payload: Buffer.from("n2"), address: Uint8Array.of(203, 0, 113, 1) })],
    [
      query({ address: new Uint8Array(3) }),
      query({ address: new Uint8Array(16).fill(255), id: 8, sourceNode: "" }),
    ],
  ];
}

/** Messages with ends of ranges and known names in them. */
function madeInput(random: Random): Uint8Array {
  const pick = <T>(...from: readonly T[]): T => from[random.below(from.length)]!;
  const ltime = (): bigint =>
    pick(0n, 1n, 2n, 5n, 600n, 2n ** 53n - 2n, 2n ** 64n - 1n, BigInt(random.below(20)));
  const name = (): string => pick(...NAMES, "ghost", "");
  const internal = ["ping", "conflict", "install-key", "use-key", "remove-key", "list-keys", "x"];
  const items = Array.from({ length: 1 + random.below(8) }, (): Item => {
    const how = random.below(256) & ~KIND;
    switch (random.below(9)) {
      case 0:
        return [
          how,
          encodeSerf({ type: "join", body: { ...JOIN.random(random), node: name(), ltime: ltime() } }),
        ];
      case 1:
        return [
          how,
          encodeSerf({ type: "leave", body: { ...LEAVE.random(random), node: name(), ltime: ltime() } }),
        ];
      case 2:
        return [how, encodeSerf({ type: "event", body: { ...EVENT.random(random), ltime: ltime() } })];
      case 3:
      case 4: {
        const body = { ...QUERY.random(random), sourceNode: name(), ltime: ltime(), port: 7946 };
        const address = pick(Uint8Array.of(192, 0, 2, 2 + random.below(4)), body.address);
        const called = pick("load", ...internal.map((each) => `${INTERNAL_PREFIX}${each}`));
        const payload = pick(
          body.payload,
          encodeKeyRequest(pick(KEY, new Uint8Array(32))),
          Buffer.from(name()),
        );
        const filters = pick(undefined, body.filters, [encodeFilter({ type: "nodes", names: ["self"] })]);
        return [
          how,
          encodeSerf({ type: "query", body: { ...body, name: called, address, payload, filters } }),
        ];
      }
      case 5:
        return [
          how,
          encodeSerf({ type: "response", body: { ...RESPONSE.random(random), from: name(), ltime: 1n } }),
        ];
      case 6: {
        const message: SerfMessage = {
          type: "response",
          body: { ...RESPONSE.random(random), ltime: ltime() },
        };
        const address = { ip: Uint8Array.of(192, 0, 2, 2 + random.below(5)), port: 7946, zone: "" };
        return [
          how,
          encodeSerf({ type: "relay", body: { ...RELAY.random(random), address, name: name() }, message }),
        ];
      }
      case 7: {
        const statusLtimes = new Map(NAMES.map((each) => [each, ltime()]));
        const leftMembers = NAMES.filter(() => random.below(3) === 0);
        const body = {
          ...STATE.random(random),
          ltime: ltime(),
          eventLtime: ltime(),
          statusLtimes,
          leftMembers,
        };
        return [how | 1, encodeSerf({ type: "state", body })];
      }
      default:
        return [
          how | 2,
          encodeCoordinate({
            ...COORDINATE.random(random),
            vector: pick([0, 0, 0, 0, 0, 0, 0, 1e-3], [1e308]),
          }),
        ];
    }
  });
  return inputOf(items);
}
