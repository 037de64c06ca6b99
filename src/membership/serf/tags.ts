import type { Tags } from "#membership/serf/io.ts";
import { readText } from "#packet/primitive.ts";
import { decodeTags } from "#wire/memberlist/serf.ts";

/** The tags in a member's meta data; what is none is the role, as very old versions of Serf have it. */
export function tagsOf(meta: Uint8Array): Tags {
  const tags = decodeTags(meta);
  if (tags) return Object.fromEntries(tags);
  return meta.length === 0 || meta[0] === 0xff ? {} : { role: readText(meta, 0, meta.length) };
}
