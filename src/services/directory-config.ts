import { z } from "zod";
import { parsePrefix, formatPrefix, type Prefix } from "#base/prefix.ts";
import { endpointText, limit } from "#config/schema.ts";
import { DIRECTORY_LIMITS } from "#directory/limits.ts";

const URL_ERROR = "is no URL of a directory; write one such as http://192.0.2.1:8080";

function urlText() {
  return z.string().regex(/^https?:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/, URL_ERROR);
}

function prefixText() {
  const error = "is no block of addresses; write one such as 192.0.2.0/24";
  return z.codec(z.string(), z.custom<Prefix>(), {
    decode: (written, context) => {
      const prefix = parsePrefix(written);
      if (prefix) return prefix;
      context.issues.push({ code: "custom", input: written, message: error });
      return z.NEVER;
    },
    encode: formatPrefix,
  });
}

/** The section `directory`: a server, a client of others, or both. */
export const directoryConfig = z
  .strictObject({
    serve: endpointText()
      .optional()
      .meta({ description: "Be a directory: where clients find it, as 0.0.0.0:8080" }),
    store: z
      .string()
      .regex(
        /^(?!\w+:\/\/)[^\0]+$|^(?:nats|tls):\/\/[^\s/@]+(?:\/[\w-]+)?$/,
        "is neither a path nor nats://HOST:PORT[/BUCKET]",
      )
      .optional()
      .meta({
        description:
          "Where its peers are kept: the path of a file, or `nats://HOST:PORT[/BUCKET]` for several servers with one directory. Default: directory.sqlite in the data folder",
      }),
    url: urlText().optional().meta({ description: "A directory to register with, and to learn peers from" }),
    urls: z.array(urlText()).max(16).default([]).meta({ description: "Several of them" }),
    token: z
      .string()
      .regex(/^[\x21-\x7e]{8,256}$/, "must have 8 to 256 letters without spaces")
      .optional()
      .meta({
        description: "Without it nobody may reset or configure this directory; sent with a reset of another",
      }),
    "max-peers": limit(0, DIRECTORY_LIMITS.peers, 2).meta({
      description: "Peers that it keeps, until somebody configures another number",
    }),
    "min-refill-candidates": limit(0, DIRECTORY_LIMITS.peers, 2).meta({
      description: "Told to clients: with how few peers left they ask for a refill",
    }),
    expiry: limit(10, 86_400, 300).meta({
      description: "Seconds until a peer is forgotten that does not renew",
    }),
    "unrenewed-expiry": limit(10, 31_536_000, 86_400).meta({
      description: "The same for the original's clients, which never renew; one that is reached stays longer",
    }),
    check: limit(0, 3_600, 60).meta({
      description:
        "Seconds between dials to see whether peers are there; 0: none. Only those are dialled that registered from their own address",
    }),
    rate: limit(1, 100_000, 20).meta({
      description: "Requests per second of one address; above it is told to wait",
    }),
    burst: limit(1, 100_000, 100).meta({ description: "Requests of one address at once" }),
    "per-address": limit(1, DIRECTORY_LIMITS.peers, 256).meta({
      description: "Peers that may be registered from one address, so that nobody takes all the room",
    }),
    trusted: z
      .array(prefixText())
      .max(64)
      .prefault(["127.0.0.0/8", "::1/128"])
      .meta({ description: "Addresses that may ask as often as they like" }),
  })
  .refine(({ serve, url, urls }) => serve !== undefined || url !== undefined || urls.length > 0, {
    message: "says neither where to serve nor whom to ask; give serve: 0.0.0.0:8080 or url: http://…",
  });

export type DirectoryConfig = z.output<typeof directoryConfig>;

/** Keys that are not shown. */
export const DIRECTORY_SECRETS = ["directory.token"];
