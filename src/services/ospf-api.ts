import type { Ipv4 } from "#base/ipv4.ts";
import type { OspfRouter } from "#ospf/router.ts";
import type { OspfViews } from "#services/ospf-view.ts";

/** The API of the running OSPF service. */
export interface OspfApi {
  /** The router itself, to be looked at. */
  readonly router: OspfRouter;
  /** Its tables for those who show them. */
  readonly views: OspfViews;
  /** Drops adjacencies, of one router or all; they form again. */
  clearNeighbors(routerId?: Ipv4): void;
  /** Flushes what this router has told and begins anew. */
  clearProcess(): void;
}
