import { maskLength, type Ipv4 } from "#base/ipv4.ts";
import { POINT_TO_POINT_LINK, TRANSIT_LINK } from "#ospf/lsa-content.ts";
import { nextHop } from "#ospf/next-hop-sets.ts";
import { PrefixMap } from "#ospf/prefix-map.ts";
import type { Attachment, NextHop } from "#ospf/routes.ts";

/** An attachment whose links may bear something else than its address. */
export interface AttachedLink extends Attachment {
  /** Link Data of its links in the own router-LSA when that is not the address: the interface index if unnumbered. */
  readonly linkData?: Ipv4;
}

/** This router's interfaces in one area, asked for the way out that belongs to a link of its own router-LSA. */
export class AttachedLinks {
  readonly all: readonly AttachedLink[];
  readonly #connected = new PrefixMap<true>();

  constructor(attachments: readonly AttachedLink[]) {
    this.all = attachments;
    for (const { address, mask } of attachments) {
      // An unnumbered interface has no network.
      if (address === 0) continue;
      this.#connected.set(address, 32, true);
      this.#connected.set((address & mask) >>> 0, maskLength(mask) ?? 32, true);
    }
  }

  equals(other: AttachedLinks): boolean {
    return this.all.length === other.all.length && this.all.every((each, i) => isSame(each, other.all[i]!));
  }

  /**
   * Next hops of a link to a router or network; none when no interface belongs to it. RFC 2328 16.1.1. An interface
   * index that no attachment has told (`linkData`) stands for all those to that neighbor.
   */
  hopsOf(type: number, id: Ipv4, data: Ipv4): NextHop[] {
    if (type === TRANSIT_LINK)
      return this.all
        .filter((each) => (each.linkData ?? each.address) === data)
        .map((each) => nextHop(each.interface, undefined));
    // A virtual link leaves by whatever leads through its transit area.
    if (type !== POINT_TO_POINT_LINK) return [];
    const toNeighbor = this.all.filter((each) => each.neighbors.has(id));
    const named = toNeighbor.filter((each) => (each.linkData ?? each.address) === data);
    const isIndex = data >>> 24 === 0;
    const links = named.length === 0 && isIndex ? toNeighbor.filter((each) => !each.linkData) : named;
    return links.map((each) => nextHop(each.interface, each.neighbors.get(id)));
  }

  /** Next hops of an own stub network: the interface that it is, or on whose network it lies. */
  hopsToStub(network: Ipv4, length: number): NextHop[] {
    const same = this.all.filter((each) => isNetworkOf(each, network, length));
    const near = this.all.filter(
      (each) => each.address !== 0 && ((each.address ^ network) & each.mask) === 0,
    );
    return (same.length > 0 ? same : near).map((each) => nextHop(each.interface, undefined));
  }

  /** The kernel has a route there already: an interface's network or own address. */
  isConnected(network: Ipv4, length: number): boolean {
    return this.#connected.get(network, length) === true;
  }
}

function isNetworkOf({ address, mask }: Attachment, network: Ipv4, length: number): boolean {
  if (address === 0) return false;
  if (length === 32 && address === network) return true;
  return length === maskLength(mask) && ((address ^ network) & mask) === 0;
}

function isSame(a: AttachedLink, b: AttachedLink): boolean {
  if (
    a.interface !== b.interface ||
    a.address !== b.address ||
    a.mask !== b.mask ||
    a.linkData !== b.linkData
  )
    return false;
  if (a.neighbors.size !== b.neighbors.size) return false;
  for (const [id, address] of a.neighbors) if (b.neighbors.get(id) !== address) return false;
  return true;
}
