import { z } from "zod";
import { ipv4PrefixText, ipv4Text } from "#config/ipv4-schema.ts";
import { limit } from "#config/schema.ts";
import { INTERFACE } from "#services/packets-config.ts";

/** Numbers of /etc/iproute2/rt_protos: what has them was made by others. */
const TAKEN = "belongs to others; take a number from 193 to 255, such as 222";
const DISTANCE = "must be from 1 to 255; the default is routes.distance.static";
const MOST_STATIC = 10_000;

const staticRoute = z
  .strictObject({
    prefix: ipv4PrefixText(),
    via: ipv4Text().optional(),
    interface: z.string().regex(INTERFACE, "is no name of an interface; write one of `ip link`").optional(),
    blackhole: z.literal(true, "can only be true; leave it out for a route that leads somewhere").optional(),
    distance: z.int().min(1, DISTANCE).max(255, DISTANCE).optional(),
    tag: limit(0, 0xffff_ffff, 0),
  })
  .refine(
    ({ via, interface: name, blackhole }) =>
      blackhole ? via === undefined && name === undefined : via !== undefined || name !== undefined,
    { message: "leads nowhere or to two places; give it via, interface or both, or else blackhole: true" },
  );

export type StaticConfig = z.output<typeof staticRoute>;

/** The section `routes`. */
export const routesConfig = z
  .strictObject({
    install: z.boolean().default(true).meta({
      description: "Whether the kernel gets the routes; false only shows them, and needs no capability",
    }),
    protocol: z
      .int()
      .min(19, TAKEN)
      .max(255, TAKEN)
      .refine((value) => value !== 42 && !(value >= 186 && value <= 192), TAKEN)
      .default(222)
      .meta({
        description: "The mark of our routes in the kernel; whatever has it is ours and may be removed",
      }),
    metric: limit(0, 0xffff_ffff, 20).meta({
      description: "Of our routes in the kernel, which uses the lowest of one prefix",
    }),
    table: limit(1, 0xffff_ffff, 254).meta({
      description: "The kernel's routing table; 254 is the main one",
    }),
    distance: z
      .strictObject({
        connected: limit(0, 255, 0).meta({ description: "Of networks of interfaces" }),
        kernel: limit(0, 255, 0).meta({ description: "Of routes that others put into the kernel" }),
        static: limit(1, 255, 1).meta({ description: "Of static routes that have none of their own" }),
        ospf: limit(1, 255, 110).meta({ description: "Of routes of OSPF" }),
      })
      .prefault({})
      .meta({ description: "Of several sources of one prefix the lowest is used" }),
    static: z.array(staticRoute).max(MOST_STATIC).default([]).meta({
      description:
        "Routes by hand: `{ prefix, via }`, `{ prefix, interface }`, both, or `{ prefix, blackhole: true }`; also `distance`, `tag`. Those of one prefix and distance share the traffic",
    }),
  })
  .prefault({});

export type RoutesConfig = z.output<typeof routesConfig>;
