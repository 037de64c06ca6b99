import { z } from "zod";
import { parseIpv4, type Ipv4 } from "#base/ipv4.ts";
import { ipv4Text } from "#config/ipv4-schema.ts";
import { limit } from "#config/schema.ts";
import type { Authentication, InterfaceConfig, NetworkType, OspfConfig } from "#ospf/config.ts";
import { interfaceDefaults, ospfDefaults } from "#ospf/defaults.ts";
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

const seconds = (min: number, max: number) =>
  z.int().min(min, `must be from ${min} to ${max} s`).max(max, `must be from ${min} to ${max} s`);
const cost = () => z.int().min(1, "must be from 1 to 65535").max(65_535, "must be from 1 to 65535");

/** What can be said for the router, an area or an interface; the nearest counts. */
const inherited = {
  cost: cost().optional().meta({ description: "Of sending by an interface; by default 10" }),
  "hello-interval": seconds(1, 65_535)
    .optional()
    .meta({ description: "Seconds between Hellos; by default 10" }),
  "dead-interval": seconds(1, 65_535)
    .optional()
    .meta({ description: "Seconds without a Hello after which a neighbor is down; by default four Hellos" }),
  "retransmit-interval": seconds(1, 3_600).optional(),
  "transmit-delay": seconds(1, 3_600).optional(),
};

const ALGORITHMS = {
  md5: "md5",
  "hmac-sha-1": "sha1",
  "hmac-sha-256": "sha256",
  "hmac-sha-384": "sha384",
  "hmac-sha-512": "sha512",
} as const;

const cryptographicKey = {
  "key-id": z.int().min(0, "must be from 0 to 255").max(255, "must be from 0 to 255").default(1),
  key: z.string().min(1, "is empty; write a secret that all routers of the network share"),
};
const cryptographic = z.enum(Object.keys(ALGORITHMS) as [keyof typeof ALGORITHMS]);

const authentication = z
  .union([
    z.strictObject({ type: z.literal("null") }),
    z.strictObject({
      type: z.literal("simple"),
      key: z.string().min(1).max(8, "has more than 8 characters"),
    }),
    z.strictObject({
      type: cryptographic,
      ...cryptographicKey,
      also: z
        .array(z.strictObject({ type: cryptographic, ...cryptographicKey }))
        .max(8)
        .default([])
        .meta({ description: "Further keys that are taken but not sent with, while keys are changed" }),
    }),
  ])
  .meta({
    description: "`{ type: md5, key-id: 1, key: secret }`; type null, simple, md5 or hmac-sha-1 to -512",
  });

const neighbor = z.strictObject({ address: ipv4Text(), priority: limit(0, 255, 1) });

const interfaceSection = z.strictObject({
  ...inherited,
  type: z.enum(NETWORK_TYPES).optional().meta({ description: "By default what the interface is" }),
  priority: limit(0, 255, 1).meta({ description: "0 never becomes the designated router" }),
  passive: z.boolean().default(false).meta({ description: "Its network is told, nobody on it is spoken to" }),
  "mtu-ignore": z.boolean().default(false),
  "poll-interval": limit(1, 65_535, 120),
  authentication: authentication.optional(),
  neighbors: z
    .array(neighbor)
    .max(1_000)
    .default([])
    .meta({ description: "Of a network without multicast: `[{ address: 10.0.0.2, priority: 1 }]`" }),
  bandwidth: z
    .int()
    .min(1)
    .optional()
    .meta({ description: "Mbit/s; without a cost it is reference-bandwidth by this" }),
});

const area = z
  .object({ ...inherited, authentication: authentication.optional() })
  .catchall(interfaceSection)
  .superRefine((value, context) =>
    refineKeys(value, context, [...Object.keys(inherited), "authentication"], INTERFACE, "interface eth0"),
  );

const source = z.strictObject({
  metric: limit(0, 0xff_fffe, 20),
  "metric-type": z.union([z.literal(1), z.literal(2)], "must be 1 or 2").default(2),
  tag: z.int().min(0).max(0xffff_ffff).optional().meta({ description: "By default the route's own" }),
  filter: z
    .array(
      z.string().refine((text) => parsePrefixRule(text) !== undefined, {
        message: 'is no rule; write one such as "permit 10.0.0.0/8 le 24" or "deny any"',
      }),
    )
    .default([])
    .meta({ description: 'A prefix list: `["permit 10.0.0.0/8 le 24", "deny any"]`; empty permits all' }),
});

const timers = z
  .strictObject({
    "spf-initial-delay": limit(0, 60_000, 5),
    "spf-short-delay": limit(0, 60_000, 50),
    "spf-long-delay": limit(0, 60_000, 250),
    "spf-time-to-learn": limit(0, 60_000, 2_500),
    "spf-hold-down": limit(0, 60_000, 4_000),
    "lsa-hold": limit(0, 60_000, 1_050),
    "lsa-longest-hold": limit(0, 60_000, 5_000),
    "lsa-arrival": limit(0, 60_000, 1_000),
  })
  .prefault({})
  .meta({ description: "Milliseconds; those of the SPF have the names of RFC 8405" });

const OWN_KEYS = [
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

/** The section `ospf`. */
export const ospfConfig = z
  .object({
    ...inherited,
    "router-id": ipv4Text()
      .optional()
      .meta({ description: "By default the highest address of the machine, of a loopback if there is one" }),
    "reference-bandwidth": z
      .int()
      .min(1)
      .max(4_294_967)
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
    "maximum-paths": limit(1, 64, 16),
    "maximum-lsas": limit(10, 10_000_000, 200_000),
    opaque: z.boolean().default(true),
    "rfc1583-compatible": z.boolean().default(false),
    timers,
  })
  .catchall(area)
  .superRefine((value, context) => {
    refineKeys(value, context, OWN_KEYS, AREA, "area 0");
    const areas = Object.keys(value).filter((key) => AREA.test(key));
    if (areas.length > 1)
      context.addIssue({
        code: "custom",
        path: [areas[1]!],
        message: "is a second area; a router of one area is what there is yet, remove it",
      });
    const names = areas.flatMap((key) =>
      Object.keys(value[key] as object).filter((name) => INTERFACE.test(name)),
    );
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) context.addIssue({ code: "custom", message: `has "${twice}" in two areas` });
  });

export type OspfSection = z.output<typeof ospfConfig>;
type InterfaceSection = z.output<typeof interfaceSection>;
type AreaSection = z.output<typeof area>;
type AuthenticationSection = z.output<typeof authentication>;

/** A section as the router takes it, with the router id that was chosen. */
export function routerConfig(section: OspfSection, routerId: Ipv4): OspfConfig {
  const areas = Object.entries(section).flatMap(([key, value]) => {
    const id = areaIdOf(key);
    if (id === undefined) return [];
    const interfaces = Object.entries(value as AreaSection).flatMap(([name, each]) => {
      const found = INTERFACE.exec(name)?.[1];
      return found === undefined
        ? []
        : [interfaceConfig(found, each as InterfaceSection, value as AreaSection, section)];
    });
    return [{ areaId: id, interfaces }];
  });
  const { timers: of } = section;
  return {
    ...ospfDefaults(routerId),
    areas,
    maxMetric: section["max-metric"],
    isAsBoundary: Object.values(section.redistribute).some((each) => each !== undefined),
    maximumPaths: section["maximum-paths"],
    maximumLsas: section["maximum-lsas"],
    opaque: section.opaque,
    rfc1583Compatible: section["rfc1583-compatible"],
    timers: {
      spf: {
        initialDelayMs: of["spf-initial-delay"],
        shortDelayMs: of["spf-short-delay"],
        longDelayMs: of["spf-long-delay"],
        timeToLearnMs: of["spf-time-to-learn"],
        holdDownMs: of["spf-hold-down"],
      },
      lsaHoldMs: of["lsa-hold"],
      lsaLongestHoldMs: of["lsa-longest-hold"],
      lsaArrivalMs: of["lsa-arrival"],
    },
  };
}

/** "area 0" and "area 0.0.0.0" are the same. */
function areaIdOf(key: string): Ipv4 | undefined {
  const text = AREA.exec(key)?.[1];
  if (text === undefined) return undefined;
  if (text.includes(".")) return parseIpv4(text);
  return Number(text) <= 0xffff_ffff ? Number(text) : undefined;
}

function interfaceConfig(
  name: string,
  each: InterfaceSection,
  inArea: AreaSection,
  section: OspfSection,
): InterfaceConfig {
  const base = interfaceDefaults(name);
  const nearest = <Key extends keyof typeof inherited>(key: Key) => each[key] ?? inArea[key] ?? section[key];
  const helloInterval = nearest("hello-interval") ?? base.helloInterval;
  const byBandwidth =
    each.bandwidth &&
    Math.min(65_535, Math.max(1, Math.round(section["reference-bandwidth"] / each.bandwidth)));
  return {
    ...base,
    ...(each.type && { type: each.type }),
    cost: each.cost ?? byBandwidth ?? inArea.cost ?? section.cost ?? base.cost,
    helloInterval,
    deadInterval: nearest("dead-interval") ?? 4 * helloInterval,
    retransmitInterval: nearest("retransmit-interval") ?? base.retransmitInterval,
    transmitDelay: nearest("transmit-delay") ?? base.transmitDelay,
    pollInterval: each["poll-interval"],
    priority: each.priority,
    passive: each.passive,
    mtuIgnore: each["mtu-ignore"],
    authentication: authenticationOf(each.authentication ?? inArea.authentication ?? section.authentication),
    neighbors: each.neighbors,
  };
}

function authenticationOf(section: AuthenticationSection | undefined): Authentication {
  if (!section || section.type === "null") return { type: "null" };
  if (section.type === "simple") return { type: "simple", password: section.key };
  const keys = [section, ...section.also].map((key) => ({
    id: key["key-id"],
    algorithm: ALGORITHMS[key.type],
    secret: key.key,
  }));
  return { type: "cryptographic", keys };
}

/** Keys besides the known ones are those of a pattern. */
function refineKeys(
  value: Readonly<Record<string, unknown>>,
  context: z.core.$RefinementCtx,
  known: readonly string[],
  pattern: RegExp,
  example: string,
): void {
  for (const key of Object.keys(value))
    if (!known.includes(key) && !pattern.test(key))
      context.addIssue({
        code: "custom",
        path: [key],
        message: `is not a known key; write one such as "${example}", or one of ${known.join(", ")}`,
      });
}
