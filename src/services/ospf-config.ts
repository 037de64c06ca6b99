import { z } from "zod";
import { joinNames, suggestion } from "#base/edit-distance.ts";
import { parseIpv4, type Ipv4 } from "#base/ipv4.ts";
import { encodeUtf8 } from "#base/utf8.ts";
import { ipv4Text } from "#config/ipv4-schema.ts";
import { limit } from "#config/schema.ts";
import type { NetworkType } from "#ospf/config.ts";
import { parsePrefixRule } from "#routes/prefix-list.ts";

const AREA = /^area (\d{1,10}|\d{1,3}(?:\.\d{1,3}){3})$/;
const INTERFACE = /^interface ([^\s/]{1,15})$/;
const NETWORK_TYPES = [
  "broadcast",
  "point-to-point",
  "point-to-multipoint",
  "non-broadcast",
  "loopback",
] as const satisfies readonly NetworkType[];

const DEFAULT_HELLO_INTERVAL = 10;

const seconds = (min: number, max: number) =>
  z.int().min(min, `must be from ${min} to ${max} s`).max(max, `must be from ${min} to ${max} s`);
const cost = () => z.int().min(1, "must be from 1 to 65535").max(65_535, "must be from 1 to 65535");

export type InheritedKey = keyof typeof inherited;

/** What can be said for the router, an area or an interface; the nearest counts. */
const inherited = {
  cost: cost().optional().meta({ description: "Of sending by an interface; by default 10" }),
  "hello-interval": seconds(1, 65_535)
    .optional()
    .meta({ description: "Seconds between Hellos; by default 10" }),
  "dead-interval": seconds(1, 65_535)
    .optional()
    .meta({ description: "Seconds without a Hello after which a neighbor is down; by default four Hellos" }),
  "retransmit-interval": seconds(1, 3_600)
    .optional()
    .meta({ description: "Seconds until an LSA is sent again that was not acknowledged; by default 5" }),
  "transmit-delay": seconds(1, 3_600)
    .optional()
    .meta({ description: "Seconds that are added to the age of LSAs that are sent; by default 1" }),
};

/** How the configuration calls them, and how the router does. */
export const ALGORITHMS = {
  md5: "md5",
  "hmac-sha-1": "sha1",
  "hmac-sha-256": "sha256",
  "hmac-sha-384": "sha384",
  "hmac-sha-512": "sha512",
} as const;

const EMPTY_KEY = "is empty; write a secret that all routers of the network share";

/** "2026-12-01T00:00:00Z", as seconds since 1970. */
function moment(description: string) {
  const message = "expected a time with its zone; write one such as 2026-12-01T00:00:00Z";
  return z
    .codec(z.iso.datetime({ offset: true, error: () => message }), z.number(), {
      decode: (text) => Math.floor(Date.parse(text) / 1_000),
      encode: (seconds) => new Date(seconds * 1_000).toISOString(),
    })
    .optional()
    .meta({ description });
}

const cryptographicKey = {
  "key-id": limit(0, 255, 1).meta({ description: "Neighbors find the key by it" }),
  key: z.string().min(1, EMPTY_KEY).meta({ description: "The secret that all routers of the network share" }),
  "send-from": moment("From then on packets are sent with it, until another key's time comes"),
  "accept-until": moment("From then on it is no longer taken, unless packets are sent with it"),
};
const cryptographic = z.enum(Object.keys(ALGORITHMS) as [keyof typeof ALGORITHMS]);

const authentication = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("null") }),
    z.strictObject({
      type: z.literal("simple"),
      key: z
        .string()
        .min(1, EMPTY_KEY)
        .refine(
          (key) => encodeUtf8(key).length <= 8,
          "has more than 8 octets; shorten it, or use hmac-sha-256",
        ),
    }),
    z
      .strictObject({
        type: cryptographic,
        ...cryptographicKey,
        also: z
          .array(z.strictObject({ type: cryptographic, ...cryptographicKey }))
          .max(8, "has more than 8 keys; remove those that no neighbor uses any more")
          .default([])
          .meta({ description: "Further keys that are taken, and sent with from their send-from on" }),
      })
      .superRefine(refineKeyIds),
  ])
  .meta({
    description: "`{ type: md5, key-id: 1, key: secret }`; type null, simple, md5 or hmac-sha-1 to -512",
  });

const neighbor = z.strictObject({
  address: ipv4Text(),
  priority: limit(0, 255, 1).meta({ description: "0: it never becomes the designated router" }),
});

const interfaceSection = z.strictObject({
  ...inherited,
  type: z.enum(NETWORK_TYPES).optional().meta({ description: "By default what the interface is" }),
  priority: limit(0, 255, 1).meta({ description: "0 never becomes the designated router" }),
  passive: z.boolean().default(false).meta({ description: "Its network is told, nobody on it is spoken to" }),
  "mtu-ignore": z
    .boolean()
    .default(false)
    .meta({ description: "Forms adjacencies also with neighbors whose MTU is larger than this interface's" }),
  "poll-interval": limit(1, 65_535, 120).meta({
    description: "Seconds between Hellos to neighbors that are down, on networks without multicast",
  }),
  authentication: authentication.optional(),
  neighbors: z
    .array(neighbor)
    .max(1_000, "has more than 1000 neighbors")
    .default([])
    .meta({ description: "Of a network without multicast: `[{ address: 10.0.0.2, priority: 1 }]`" }),
  bandwidth: z
    .int()
    .min(1, "must be from 1 to 4294967295")
    .max(0xffff_ffff, "must be from 1 to 4294967295")
    .optional()
    .meta({ description: "Mbit/s; without a cost it is reference-bandwidth by this" }),
});

const AREA_KEYS: SectionKeys = {
  known: [...Object.keys(inherited), "authentication"],
  pattern: INTERFACE,
  word: "interface",
  example: "interface eth0",
};

const area = z
  .object({ ...inherited, authentication: authentication.optional() })
  .catchall(interfaceSection)
  .superRefine((value, context) => refineKeys(value, context, AREA_KEYS), { when: () => true })
  .meta({ keyPattern: INTERFACE.source, keyName: "interface NAME" });

const source = z.strictObject({
  metric: limit(0, 0xff_fffe, 20).meta({ description: "What it costs from this router on" }),
  "metric-type": z
    .literal([1, 2], "must be 1 or 2; 1 adds the cost to this router, 2 counts before it")
    .default(2)
    .meta({ description: "1 adds the cost to this router, 2 counts before it" }),
  tag: z
    .int()
    .min(0, "must be from 0 to 4294967295")
    .max(0xffff_ffff, "must be from 0 to 4294967295")
    .optional()
    .meta({ description: "By default the route's own" }),
  filter: z
    .array(
      z.string().refine((text) => parsePrefixRule(text) !== undefined, {
        message: 'is no rule; write one such as "permit 10.0.0.0/8 le 24" or "deny any"',
      }),
    )
    .default([])
    .meta({ description: 'A prefix list: `["permit 10.0.0.0/8 le 24", "deny any"]`; empty permits all' }),
});

const delay = (defaultValue: number, description: string) =>
  limit(0, 60_000, defaultValue).meta({ description });

const timers = z
  .strictObject({
    "spf-initial-delay": delay(5, "ms from a first change to the computation of routes"),
    "spf-short-delay": delay(50, "ms, while changes go on for less than spf-time-to-learn"),
    "spf-long-delay": delay(250, "ms between two computations while they go on for longer"),
    "spf-time-to-learn": delay(2_500, "ms after which changes that go on are a storm"),
    "spf-hold-down": delay(4_000, "ms without a change after which all is quiet"),
    "lsa-hold": delay(1_050, "ms between two instances of one own LSA"),
    "lsa-longest-hold": delay(5_000, "ms, what it grows to when changes storm"),
    "lsa-arrival": delay(1_000, "ms; instances of one LSA that come faster are not taken"),
  })
  .prefault({})
  .meta({ description: "Milliseconds; those of the SPF have the names of RFC 8405" });

/** The keys of a section besides those of a pattern, which begin with `word`. */
interface SectionKeys {
  readonly known: readonly string[];
  readonly pattern: RegExp;
  readonly word: string;
  readonly example: string;
}

const OWN_NAMES = [
  ...Object.keys(inherited),
  "router-id",
  "reference-bandwidth",
  "redistribute",
  "max-metric",
  "maximum-paths",
  "maximum-lsas",
  "opaque",
  "rfc1583-compatible",
  "timers",
  "authentication",
];

const OWN_KEYS: SectionKeys = { known: OWN_NAMES, pattern: AREA, word: "area", example: "area 0" };

/** The section `ospf`. */
export const ospfConfig = z
  .object({
    ...inherited,
    "router-id": ipv4Text()
      .refine((id) => id !== 0, "0.0.0.0 is no router id; write one such as 192.0.2.1")
      .optional()
      .meta({ description: "By default the highest address of the machine, of a loopback if there is one" }),
    "reference-bandwidth": z
      .int()
      .min(1, "must be from 1 to 4294967")
      .max(4_294_967, "must be from 1 to 4294967")
      .default(100)
      .meta({ description: "Mbit/s that cost 1, where an interface has a bandwidth and no cost" }),
    authentication: authentication.optional(),
    redistribute: z
      .strictObject({ connected: source.optional(), static: source.optional(), kernel: source.optional() })
      .prefault({})
      .meta({ description: '`{ static: { metric: 20, metric-type: 2, tag: 7, filter: ["permit any"] } }`' }),
    "max-metric": z
      .boolean()
      .default(false)
      .meta({ description: "Passes nothing on unless there is no other way" }),
    "maximum-paths": limit(1, 64, 16).meta({ description: "How many equal paths a route may have" }),
    "maximum-lsas": limit(10, 10_000_000, 200_000).meta({
      description: "How many LSAs of others are kept; what comes beyond is counted and not taken",
    }),
    opaque: z
      .boolean()
      .default(true)
      .meta({ description: "Stores and floods opaque LSAs, which other programs use" }),
    "rfc1583-compatible": z
      .boolean()
      .default(false)
      .meta({ description: "Prefers externals as RFC 1583 did; all routers have to agree" }),
    timers,
  })
  .catchall(area)
  .superRefine((value, context) => refineKeys(value, context, OWN_KEYS), { when: () => true })
  .superRefine(refineAreas)
  .superRefine(refineIntervals)
  .meta({ keyPattern: AREA.source, keyName: "area A" });

/** Which of its keys are secrets, see config/secrets.ts: of the router, of an area and of an interface. */
export const OSPF_SECRETS = ["ospf", "ospf.*", "ospf.*.*"].flatMap((place) => [
  `${place}.authentication.key`,
  `${place}.authentication.also.*.key`,
]);

export type OspfSection = z.output<typeof ospfConfig>;
export type InterfaceSection = z.output<typeof interfaceSection>;
export type AreaSection = z.output<typeof area>;
export type AuthenticationSection = z.output<typeof authentication>;

/** The interfaces of an area's section, by name. */
export function interfacesOf(section: AreaSection): [name: string, section: InterfaceSection][] {
  return Object.entries(section).flatMap(([key, value]) => {
    const name = INTERFACE.exec(key)?.[1];
    return name === undefined ? [] : [[name, value as InterfaceSection]];
  });
}

/** The areas of a section, with their ids. */
export function areasOf(section: OspfSection): [id: Ipv4, section: AreaSection][] {
  return Object.entries(section).flatMap(([key, value]) => {
    const id = areaIdOf(key);
    return id === undefined ? [] : [[id, value as AreaSection]];
  });
}

/** A packet names its key by its id alone. */
function refineKeyIds(
  { also, ...first }: { readonly "key-id": number; readonly also: readonly { readonly "key-id": number }[] },
  context: z.core.$RefinementCtx,
): void {
  const ids = [first, ...also].map((key) => key["key-id"]);
  for (const [i, id] of ids.entries())
    if (ids.indexOf(id) < i) {
      const message = `is ${id}, as that of another key; give each key an id of its own`;
      context.addIssue({ code: "custom", path: ["also", i - 1, "key-id"], message });
    }
}

/**
 * Keys besides the known ones are those of a pattern. What the pattern's schema had to say of the value of another key is
 * dropped: it is the key that is wrong.
 */
function refineKeys(value: unknown, context: z.core.$RefinementCtx, keys: SectionKeys): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const { known, pattern, word, example } = keys;
  const unknown = Object.keys(value).filter((key) => !known.includes(key) && !isOfPattern(key, pattern));
  if (unknown.length === 0) return;
  const others = context.issues.filter(({ path }) => !unknown.includes(String(path?.[0])));
  context.issues.splice(0, context.issues.length, ...others);
  for (const key of unknown)
    context.addIssue({
      code: "custom",
      path: [key],
      message: "is not a known key",
      params: { of: "key", remedy: keyRemedy(key, known, word, example) },
    });
}

function isOfPattern(key: string, pattern: RegExp): boolean {
  return pattern.test(key) && (pattern !== AREA || areaIdOf(key) !== undefined);
}

function keyRemedy(key: string, known: readonly string[], word: string, example: string): string {
  if (suggestion(key.split(" ")[0]!, [word]) || key.startsWith(word)) return `write it as "${example}"`;
  return (
    suggestion(key, known) ??
    `write one such as "${example}"; also known are ${joinNames([...known].sort(), "and")}`
  );
}

type Keys = Readonly<Record<string, unknown>>;

function refineAreas(value: Keys, context: z.core.$RefinementCtx): void {
  const areas = Object.keys(value).filter((key) => AREA.test(key));
  if (areas.length < 2) return;
  const [first, second] = areas;
  const isSame = areaIdOf(first!) === areaIdOf(second!);
  context.addIssue({
    code: "custom",
    path: [second!],
    message: isSame
      ? `is the same area as "${first}"; write all of it in one place`
      : "is a second area; a router of one area is what there is yet, remove it",
  });
}

/** A neighbor would be down before its next Hello. */
function refineIntervals(section: Keys, context: z.core.$RefinementCtx): void {
  const places: { readonly path: readonly string[]; readonly sections: readonly Keys[] }[] = [];
  places.push({ path: [], sections: [section] });
  for (const [key, area] of Object.entries(section).filter(([name]) => AREA.test(name))) {
    places.push({ path: [key], sections: [area as Keys, section] });
    for (const [name, each] of Object.entries(area as Keys))
      if (INTERFACE.test(name))
        places.push({ path: [key, name], sections: [each as Keys, area as Keys, section] });
  }
  for (const { path, sections } of places) {
    const nearest = (key: InheritedKey) => sections.find((each) => each[key] !== undefined)?.[key];
    const hello = Number(nearest("hello-interval") ?? DEFAULT_HELLO_INTERVAL);
    const dead = nearest("dead-interval");
    // Where neither is said, it was said already of what is around.
    const key = (["dead-interval", "hello-interval"] as const).find(
      (each) => sections[0]![each] !== undefined,
    );
    if (key === undefined || dead === undefined || Number(dead) > hello) continue;
    const message = `leaves no time for a Hello: one comes every ${hello} s, and after ${Number(dead)} s a neighbor is down; make dead-interval four times hello-interval`;
    context.addIssue({ code: "custom", path: [...path, key], message });
  }
}

/** "area 0" and "area 0.0.0.0" are the same. */
export function areaIdOf(key: string): Ipv4 | undefined {
  const text = AREA.exec(key)?.[1];
  if (text === undefined) return undefined;
  if (text.includes(".")) return parseIpv4(text);
  return Number(text) <= 0xffff_ffff ? Number(text) : undefined;
}
