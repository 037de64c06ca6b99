import { z } from "zod";
import { encodeUtf8 } from "#base/utf8.ts";
import { endpointText, limit } from "#config/schema.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { addressBytes, endpointOf } from "#membership/member.ts";
import type { ProfileName } from "#membership/profiles.ts";
import { isKeyText } from "#services/membership-keys.ts";

const { nameBytes } = DEFAULT_MEMBERSHIP_LIMITS;
const PROFILE_NAMES = ["lan", "local", "wan"] as const satisfies readonly ProfileName[];
/** What a message about a member has room for, the announcement of a node with three services beside them. */
const MOST_TAG_BYTES = 96;
const MOST_LABEL_BYTES = 253;

const SERF_REMEDY = "set membership.serf: true, or leave them out";

const withPort = (what: string) =>
  endpointText().refine(
    ({ port }) => port !== 0,
    `needs a port above 0, such as 7946; ${what} has the same number for packets and for streams`,
  );

/** The section `membership`. */
export const membershipConfig = z
  .strictObject({
    listen: withPort("it")
      .prefault("0.0.0.0:7946")
      .meta({ description: "Where members reach us, by UDP and TCP with one port number" }),
    advertise: withPort("it")
      .refine(
        (endpoint) => endpointOf(addressBytes(endpoint)!, endpoint.port, true) !== undefined,
        "is nobody's address; write one that others reach",
      )
      .optional()
      .meta({ description: "The address that others are told; needed behind address translation" }),
    name: z
      .string()
      .min(1, "is empty; leave it out to use the node's name")
      .refine((name) => encodeUtf8(name).length <= nameBytes, `has more than ${nameBytes} bytes; shorten it`)
      .optional()
      .meta({
        description: "The member's name, which nobody else in the cluster has; by default the node's",
      }),
    profile: z
      .enum(PROFILE_NAMES, "must be lan, local or wan")
      .default("lan")
      .meta({ description: "How fast failures are found: `local` for one machine, `wan` for long ways" }),
    keys: z
      .array(
        z
          .string()
          .refine(
            isKeyText,
            "is no key; write 16, 24 or 32 bytes in base64 or hex, as `serf keygen` makes them",
          ),
      )
      .max(16, "has more than 16 keys; remove those that nobody uses any more")
      .default([])
      .meta({ description: "AES keys, base64 or hex: the first one encrypts, all are tried to decrypt" }),
    "accept-plain": z
      .boolean()
      .default(false)
      .meta({ description: "Takes unencrypted messages too, while a cluster gets its first key" }),
    "send-plain": z
      .boolean()
      .default(false)
      .meta({ description: "Sends unencrypted although there are keys: the first step of the same" }),
    label: z
      .string()
      .refine(
        (text) => encodeUtf8(text).length <= MOST_LABEL_BYTES,
        `has more than ${MOST_LABEL_BYTES} bytes; shorten it`,
      )
      .default("")
      .meta({ description: "Keeps clusters apart: only members with the same label hear each other" }),
    compression: z.boolean().default(true).meta({ description: "Of streams and large packets" }),
    protocol: limit(1, 5, 2).meta({ description: "memberlist's protocol version that we speak" }),
    serf: z.boolean().default(false).meta({
      description: "Serf's layer: tags, events, queries, coordinates; the whole cluster has it or nobody",
    }),
    tags: z
      .record(z.string().min(1, "a tag needs a name"), z.string())
      .refine((tags) => tagProblem(tags) === undefined, { error: ({ input }) => tagProblem(input as Tags)! })
      .default({})
      .meta({ description: "What others are told of this member, `{ role: web }`; needs serf" }),
    answers: z
      .record(z.string().min(1, "a query needs a name"), z.string().max(512, "has more than 512 characters"))
      .default({})
      .meta({ description: "Answers to queries of other members, by the query's name; needs serf" }),
    "reclaim-after": z
      .int()
      .min(0, "must be 0 or more seconds")
      .max(86_400, "must be 86400 seconds or less")
      .default(30)
      .meta({
        description: "Seconds until a failed member's name may be taken from another address; 0: never",
      }),
  })
  .refine(({ serf, tags }) => serf || Object.keys(tags).length === 0, {
    path: ["tags"],
    message: `are told by Serf's layer only; ${SERF_REMEDY}`,
  })
  .refine(({ serf, answers }) => serf || Object.keys(answers).length === 0, {
    path: ["answers"],
    message: `are given by Serf's layer only; ${SERF_REMEDY}`,
  })
  .prefault({});

type Tags = Readonly<Record<string, string>>;

/** What is wrong with tags. */
function tagProblem(tags: Tags): string | undefined {
  if (ANNOUNCEMENT_TAG in tags) return `the tag ${ANNOUNCEMENT_TAG} is the node's own; take another name`;
  const bytes = encodeUtf8(Object.entries(tags).flat().join("")).length;
  return bytes > MOST_TAG_BYTES
    ? `tags have ${bytes} bytes together, more than ${MOST_TAG_BYTES}`
    : undefined;
}

/** In Serf's tags: the signed announcement of the node's services, base64url. */
export const ANNOUNCEMENT_TAG = "parley";

export const MEMBERSHIP_SECRETS = ["membership.keys"];

export type MembershipSection = z.output<typeof membershipConfig>;
