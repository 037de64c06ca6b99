import { setImmediate as othersTurn } from "node:timers/promises";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import {
  borderRouterMessage,
  explanationMessage,
  lsaMessage,
  mismatchMessage,
  neighborMessage,
  ospfInterfaceMessage,
  ospfRouteMessage,
  routerMessage,
} from "#api/convert-ospf.ts";
import type { ListDatabaseRequest, OspfService } from "#api/gen/parley/v1/ospf_pb.ts";
import { refusal, refusing } from "#api/refusal.ts";
import { parseIpv4, type Ipv4 } from "#base/ipv4.ts";
import type { NodeControl } from "#services/control.ts";
import type { OspfApi } from "#services/ospf-api.ts";
import type { DatabaseQuery } from "#services/ospf-database-view.ts";

/** parley.v1.OspfService over the OSPF service that runs at the time of the call. */
export function ospfService(control: NodeControl): ServiceImpl<typeof OspfService> {
  const running = () => refusing(Code.Unavailable, () => control.api("ospf") as Omit<OspfApi, "router">);
  const views = async () => (await running()).views;
  return {
    async getOspf() {
      return routerMessage((await views()).router());
    },
    async listNeighbors({ routerId }) {
      const isWanted = isRouter(routerId);
      const tables = await views();
      return {
        neighbors: tables.neighbors().filter(isWanted).map(neighborMessage),
        mismatches: tables.mismatches().filter(isWanted).map(mismatchMessage),
      };
    },
    async listInterfaces({ name }) {
      const tables = await views();
      const interfaces = tables.interfaces().filter((each) => name === "" || each.name === name);
      return { routerId: tables.routerId, interfaces: interfaces.map(ospfInterfaceMessage) };
    },
    async *listDatabase(request) {
      const tables = await views();
      const { routerId, areas } = tables;
      const found = tables.database(queryOf(request));
      let isFirst = true;
      for (const portion of portions(found, (lsa) => LSA_BYTES + LSA_GROWTH * lsa.length)) {
        yield { routerId, areas: isFirst ? areas : [], lsas: portion.map(lsaMessage) };
        isFirst = false;
        await othersTurn();
      }
    },
    async *listRoutes() {
      const found = (await views()).routes();
      for (const portion of portions(found, ({ nextHops }) => ROUTE_BYTES + HOP_BYTES * nextHops.length)) {
        yield { routes: portion.map(ospfRouteMessage) };
        await othersTurn();
      }
    },
    async listBorderRouters() {
      return { routers: (await views()).borderRouters().map(borderRouterMessage) };
    },
    async explainRoute({ address }) {
      const asked = addressOf(address);
      return explanationMessage((await views()).explain(asked));
    },
    async clearNeighbors({ routerId }) {
      const ospf = await running();
      const isWanted = isRouter(routerId);
      const found = ospf.views.neighbors().filter(isWanted);
      if (routerId !== "" && found.length === 0)
        throw refusal(Code.NotFound, `no neighbor is ${routerId}`, "see the list of neighbors");
      if (routerId === "") ospf.clearNeighbors();
      else ospf.clearNeighbors(addressOf(routerId));
      return { cleared: found.length };
    },
    async clearProcess() {
      (await running()).clearProcess();
      return {};
    },
  };
}

function isRouter(asked: string): (view: { readonly routerId: string }) => boolean {
  if (asked === "") return () => true;
  addressOf(asked);
  return ({ routerId }) => routerId === asked;
}

function queryOf(request: ListDatabaseRequest): DatabaseQuery {
  const { type, linkStateId, selfOriginated, advertisingRouter } = request;
  return {
    selfOriginated,
    ...(type !== 0 && { type }),
    ...(linkStateId !== "" && { linkStateId: addressOf(linkStateId) }),
    ...(advertisingRouter !== "" && { advertisingRouter: addressOf(advertisingRouter) }),
  };
}

function addressOf(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address !== undefined) return address;
  throw refusal(Code.InvalidArgument, `"${text}" is no IPv4 address`, "write one such as 192.0.2.7");
}

/** As many at a time as fit into a message; at least one portion, which may be empty. */
function* portions<Item>(items: Iterable<Item>, sizeOf: (item: Item) => number): Generator<Item[]> {
  let portion: Item[] = [];
  let size = 0;
  for (const item of items) {
    portion.push(item);
    size += sizeOf(item);
    if (size < PORTION_BYTES) continue;
    yield portion;
    portion = [];
    size = 0;
  }
  yield portion;
}

// Bytes on the wire, at most: small portions, so that other work gets its turn between them.
const PORTION_BYTES = 32 * 1_024;
const LSA_BYTES = 160;
const LSA_GROWTH = 5; // four octets of an address become at most 17
const ROUTE_BYTES = 200;
const HOP_BYTES = 40;
