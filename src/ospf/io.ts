import type { Ipv4 } from "#base/ipv4.ts";
import type { Link } from "#host/links.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";
import type { ExternalRoute, OspfConfig } from "#ospf/config.ts";
import type { InterfaceState } from "#ospf/interface-machine.ts";
import type { NeighborState } from "#ospf/neighbor-machine.ts";
import type { RouteChanges } from "#ospf/routes.ts";

/** What a router is told besides what every core is told. */
export type OspfCommand =
  /** Takes a new configuration; only what it changes is done anew. */
  | { readonly type: "configure"; readonly config: OspfConfig }
  /** An interface of this machine, new or changed. */
  | { readonly type: "link"; readonly link: Link }
  | { readonly type: "link-removed"; readonly name: string }
  /** Routes of elsewhere that are to be told; a route replaces one of the same prefix. */
  | {
      readonly type: "externals";
      readonly set: readonly ExternalRoute[];
      readonly removed: readonly { readonly network: Ipv4; readonly length: number }[];
    }
  /** Drops adjacencies: that of one router, or all. They form again. */
  | { readonly type: "clear-neighbors"; readonly routerId?: Ipv4 }
  /** Flushes what this router has told and begins with an empty database. */
  | { readonly type: "clear-process" }
  /** Takes leave: flushes its own LSAs and says good-bye to neighbors. */
  | { readonly type: "leave" };

export type OspfInput = WorldInput | OspfCommand;
export type OspfOutput = WorldOutput<OspfEvent>;

export type OspfEvent =
  | { readonly type: "routes"; readonly changes: RouteChanges }
  | {
      readonly type: "neighbor";
      readonly interface: string;
      readonly routerId: Ipv4;
      readonly address: Ipv4;
      readonly from: NeighborState;
      readonly to: NeighborState;
      /** The event of the neighbor machine, or more than it says. */
      readonly reason: string;
    }
  | {
      readonly type: "interface";
      readonly interface: string;
      readonly from: InterfaceState;
      readonly to: InterfaceState;
    }
  /** Something that keeps routers from becoming neighbors or adjacent; told again at most once a minute. */
  | {
      readonly type: "mismatch";
      readonly interface: string;
      readonly address: Ipv4;
      readonly routerId: Ipv4;
      /** What differs, with both values. */
      readonly text: string;
    }
  /** LSAs that found no room, or another limit that was met; at most once a minute. */
  | { readonly type: "limit"; readonly text: string };
