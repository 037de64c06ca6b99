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
      .prefault(hostname().slice(0, 64) || "parley"),
    /** Only one daemon may use it at a time. */
    data: filePath().optional(),
    /** A folder; every service with a core writes what happens to it there, to be replayed. */
    recordings: filePath().optional(),
  })
  .prefault({});
