import { maskOf } from "#base/ipv4.ts";
import { MAX_LINK_METRIC } from "#ospf/constants.ts";
import { POINT_TO_POINT_LINK, STUB_LINK, TRANSIT_LINK } from "#ospf/lsa-content.ts";
import type { RouterLink } from "#ospf/lsa.ts";
import type { OspfInterface } from "#ospf/state.ts";

/** What an interface contributes to the router-LSA of its area. RFC 2328 12.4.1; maxMetric: RFC 6987. */
export function linksOf(each: OspfInterface, maxMetric: boolean): RouterLink[] {
  if (each.state === "Down") return [];
  const further = each.stubs.map(({ network, mask }) => stub(network, mask, each.config.cost));
  if (each.type === "loopback") return further.map((link) => ({ ...link, metric: 0 }));
  const metric = maxMetric ? MAX_LINK_METRIC : each.config.cost;
  return [...ownLinks(each, metric), ...further];
}

function ownLinks(each: OspfInterface, metric: number): RouterLink[] {
  const { address, mask, config } = each;
  const network = stub((address & mask) >>> 0, mask, config.cost);
  if (each.type === "point-to-multipoint")
    return [...toNeighbors(each, metric), stub(address, maskOf(32), 0)];
  if (each.type === "point-to-point")
    return [...toNeighbors(each, metric), ...(address === 0 ? [] : [network])];
  return isTransit(each) ? [{ type: TRANSIT_LINK, id: each.designated, data: address, metric }] : [network];
}

function toNeighbors(each: OspfInterface, metric: number): RouterLink[] {
  // Without an address the interface is named by its index.
  const data = each.address === 0 ? (each.link?.index ?? 0) : each.address;
  return each
    .fullNeighbors()
    .map(({ routerId }) => ({ type: POINT_TO_POINT_LINK, id: routerId, data, metric }));
}

/** Whether packets can pass through the network: its designated router is adjacent. */
export function isTransit(each: OspfInterface): boolean {
  if (each.designated === 0 || each.config.passive) return false;
  const full = each.fullNeighbors();
  if (each.state === "DR") return full.length > 0;
  return each.state !== "Waiting" && full.some(({ address }) => address === each.designated);
}

function stub(id: number, mask: number, metric: number): RouterLink {
  return { type: STUB_LINK, id, data: mask, metric };
}
