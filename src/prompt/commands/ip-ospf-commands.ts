import { clearIpOspfNeighbor, clearIpOspfProcess } from "#prompt/commands/clear-ip-ospf.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { OSPF_DATABASE_COMMANDS } from "#prompt/commands/show-ip-ospf-database.ts";
import {
  showIpOspfInterface,
  showIpOspfInterfaceOneTraffic,
  showIpOspfInterfaceTraffic,
} from "#prompt/commands/show-ip-ospf-interface.ts";
import {
  showIpOspfNeighbor,
  showIpOspfNeighborDetail,
  showIpOspfNeighborOne,
  showIpOspfNeighborOneDetail,
} from "#prompt/commands/show-ip-ospf-neighbor.ts";
import { showIpOspfBorderRouters, showIpOspfRoute } from "#prompt/commands/show-ip-ospf-route.ts";
import { showIpOspf } from "#prompt/commands/show-ip-ospf.ts";
import { showIpRouteExplain } from "#prompt/commands/show-ip-route-explain.ts";
import type { Declaration } from "#prompt/grammar.ts";

/** All commands of OSPF. */
export const IP_OSPF_COMMANDS: readonly Declaration<ParleyContext>[] = [
  showIpOspf,
  showIpOspfNeighbor,
  showIpOspfNeighborDetail,
  showIpOspfNeighborOne,
  showIpOspfNeighborOneDetail,
  showIpOspfInterface,
  showIpOspfInterfaceTraffic,
  showIpOspfInterfaceOneTraffic,
  ...OSPF_DATABASE_COMMANDS,
  showIpOspfRoute,
  showIpOspfBorderRouters,
  showIpRouteExplain,
  clearIpOspfNeighbor,
  clearIpOspfProcess,
];
