import { hostname } from "node:os";
import { z } from "zod";
import { filePath } from "#config/schema.ts";

/** The section `node`: who the node is and where it keeps its data. */
export const nodeSection = z
  .strictObject({
    name: z
      .string()
      .min(1, "is empty; leave it out to use the host's name")
      .max(64)
      .prefault(hostname().slice(0, 64) || "parley")
      .meta({ description: "The node's name, in prompts and logs" }),
    data: filePath()
      .optional()
      .meta({ description: "The folder for identity, history and files; one daemon at a time uses it" }),
    recordings: filePath().optional().meta({
      description:
        "A folder in which every core writes what happens to it, to be replayed; its files hold messages and keys",
    }),
    log: z
      .record(
        z.string(),
        z.enum(["debug", "info", "warn", "error"], "expected a level; write debug, info, warn or error"),
      )
      .optional()
      .meta({
        description:
          "What the daemon prints: the least level by service, `default` for all others and for the node",
      }),
  })
  .prefault({});
