import type { Endpoint } from "#base/endpoint.ts";
import { unmapAddress } from "#base/address.ts";
import { endpointOf } from "#membership/member.ts";
import type { Parts } from "#membership/parts.ts";
import { MOST_META_BYTES, VERSION_BYTES } from "#wire/memberlist/limits.ts";
import type { Alive, NodeState } from "#wire/memberlist/messages.ts";

/** What an alive message, or an entry of a push/pull, claims of a member. */
export interface NodeClaim {
  readonly name: string;
  readonly incarnation: number;
  readonly address: Uint8Array;
  readonly port: number;
  readonly meta: Uint8Array;
  readonly versions: Uint8Array;
}

export function claimOf(body: Alive | NodeState): NodeClaim {
  const { incarnation, address, port, meta = NOTHING, versions } = body;
  return { name: "node" in body ? body.node : body.name, incarnation, address, port, meta, versions };
}

const NOTHING = new Uint8Array(0);

export type CheckedClaim =
  | { readonly ok: true; readonly claim: NodeClaim; readonly endpoint: Endpoint }
  | { readonly ok: false; readonly error: string };

/**
 * Whether a member may be like that. What is refused here is never told to others, so nothing that crashes Go peers, or
 * makes their push/pulls fail in the whole cluster, goes through us (wire notes, section 10).
 */
export function checkClaim(
  claim: NodeClaim,
  parts: Pick<Parts, "setup" | "self" | "isLoopback">,
): CheckedClaim {
  const { setup, self, isLoopback } = parts;
  const { name, meta, versions } = claim;
  if (name === "") return refused("no name");
  if (!isGoodName(name, setup.limits.nameBytes)) return refused("a name that is too long");
  if (meta.length > MOST_META_BYTES) return refused("meta data that is too long");
  if (versions.length !== VERSION_BYTES) return refused("versions of a wrong size");
  if (!isCompatible(versions, self.versions)) return refused("incompatible versions");
  // Port 0 means "as yours" to memberlist.
  const port = claim.port === 0 ? self.port : claim.port;
  const endpoint = endpointOf(claim.address, port, isLoopback);
  if (!endpoint) return refused("an address that nobody can have");
  const address = unmapAddress({ bytes: claim.address }).bytes;
  return { ok: true, endpoint, claim: { ...claim, address, port } };
}

function refused(error: string): CheckedClaim {
  return { ok: false, error };
}

/** At most so many bytes of UTF-8, and not empty. */
export function isGoodName(name: string, bytes: number): boolean {
  return name.length > 0 && name.length <= bytes && utf8Length(name) <= bytes;
}

function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair stands for two of four bytes; a lone one, for a byte that is no UTF-8, for less.
    if (unit >= 0x80) length += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return length;
}

/** Each speaks what the other understands: lowest, highest and spoken, of the protocol and of the application. */
export function isCompatible(theirs: Uint8Array, ours: Uint8Array): boolean {
  if (theirs[0] === 0 || theirs[1] === 0) return false;
  return [0, 3].every((at) => speaks(theirs, at, ours) && speaks(ours, at, theirs));
}

function speaks(one: Uint8Array, at: number, other: Uint8Array): boolean {
  const [lowest, highest, spoken] = [other[at]!, other[at + 1]!, one[at + 2]!];
  return lowest <= spoken && spoken <= highest && one[at]! <= spoken && spoken <= one[at + 1]!;
}
