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
    recordings: filePath()
      .optional()
      .meta({ description: "A folder in which every core writes what happens to it, to be replayed" }),
  })
  .prefault({});
