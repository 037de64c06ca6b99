import { formatAddress, parseAddress, scopeOf, unmapAddress } from "#base/address.ts";
import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import type { MemberState, MemberView } from "#membership/io.ts";
import type { Suspicion } from "#membership/suspicion.ts";

/** One member as this node knows it. Its own parts of the core change it; `view` is for others. */
export interface Member {
  readonly name: string;
  /** 4 or 16 bytes. */
  address: Uint8Array;
  port: number;
  endpoint: Endpoint;
  meta: Uint8Array;
  versions: Uint8Array;
  incarnation: number;
  state: MemberState;
  /** When the state began, ms. */
  since: number;
  suspicion: Suspicion | undefined;
  /** Why it is suspected or dead. */
  reason: string | undefined;
  roundTripMs: number | undefined;
  /** Counts changes, so that news can be recognised that were applied to this very state. */
  revision: number;
  /** Its place in the table; -1 when it is in none. */
  slot: number;
}

export function viewOf(member: Member): MemberView {
  const { name, endpoint, state, incarnation, meta, versions, since, roundTripMs, reason } = member;
  return {
    name,
    address: formatEndpoint(endpoint),
    state,
    incarnation,
    meta,
    versions,
    since,
    ...(roundTripMs !== undefined && { roundTripMs }),
    ...(reason !== undefined && { reason }),
  };
}

/** Alive or suspect: part of the cluster. */
export function isPresent({ state }: Member): boolean {
  return state === "alive" || state === "suspect";
}

/** Highest protocol version that it understands; 3: pings over streams, 4: nacks, 5: checksums. */
export function highestProtocol({ versions }: Member): number {
  return versions[1]!;
}

/** Four or sixteen bytes as an address to send to; undefined for what can be nobody's. */
export function endpointOf(address: Uint8Array, port: number, ownIsLoopback: boolean): Endpoint | undefined {
  if ((address.length !== 4 && address.length !== 16) || port === 0) return undefined;
  const plain = unmapAddress({ bytes: address });
  const scope = scopeOf(plain);
  if (scope === "unspecified" || scope === "multicast" || scope === "broadcast") return undefined;
  if (scope === "loopback" && !ownIsLoopback) return undefined;
  return { host: formatAddress(plain), port };
}

/** The bytes of an endpoint's address; undefined for a host name. */
export function addressBytes({ host }: Endpoint): Uint8Array | undefined {
  return parseAddress(host)?.bytes;
}
