import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ExplainRouteResponseSchema,
  GetOspfResponseSchema,
  ListBorderRoutersResponseSchema,
  ListDatabaseResponseSchema,
  ListNeighborsResponseSchema,
  OspfServiceListInterfacesResponseSchema,
  OspfServiceListRoutesResponseSchema,
  type ListDatabaseRequest,
} from "#api/gen/parley/v1/ospf_pb.ts";

/** An OSPF service that answers from memory. */
export class FakeOspf {
  router: MessageInitShape<typeof GetOspfResponseSchema> = {};
  neighbors: MessageInitShape<typeof ListNeighborsResponseSchema> = {};
  interfaces: MessageInitShape<typeof OspfServiceListInterfacesResponseSchema> = {};
  /** Portions of the database, and of the routes. */
  database: MessageInitShape<typeof ListDatabaseResponseSchema>[] = [];
  routes: MessageInitShape<typeof OspfServiceListRoutesResponseSchema>[] = [];
  borderRouters: MessageInitShape<typeof ListBorderRoutersResponseSchema> = {};
  explanation: MessageInitShape<typeof ExplainRouteResponseSchema> = {};
  /** "method argument" of calls with arguments. */
  readonly asked: string[] = [];

  readonly client = {
    getOspf: async () => create(GetOspfResponseSchema, this.router),
    listNeighbors: async ({ routerId = "" }) => {
      const all = create(ListNeighborsResponseSchema, this.neighbors);
      const isWanted = (each: { routerId: string }) => routerId === "" || each.routerId === routerId;
      return {
        neighbors: all.neighbors.filter(isWanted),
        mismatches: all.mismatches.filter(isWanted),
      };
    },
    listInterfaces: async ({ name = "" }) => {
      const { routerId, interfaces } = create(OspfServiceListInterfacesResponseSchema, this.interfaces);
      return { routerId, interfaces: interfaces.filter((each) => name === "" || each.name === name) };
    },
    listDatabase: (request: Partial<ListDatabaseRequest>) => this.#database(request),
    listRoutes: () => this.#routes(),
    listBorderRouters: async () => create(ListBorderRoutersResponseSchema, this.borderRouters),
    explainRoute: async ({ address }: { address: string }) => {
      this.asked.push(`explain ${address}`);
      return create(ExplainRouteResponseSchema, this.explanation);
    },
    clearNeighbors: async ({ routerId }: { routerId: string }) => {
      this.asked.push(`clear neighbors ${routerId}`.trim());
      return { cleared: 2 };
    },
    clearProcess: async () => {
      this.asked.push("clear process");
      return {};
    },
  };

  async *#database(request: Partial<ListDatabaseRequest>) {
    const { type = 0, linkStateId = "", selfOriginated = false, advertisingRouter = "" } = request;
    this.asked.push(`database ${[type, linkStateId, selfOriginated, advertisingRouter].join(" ")}`);
    for (const portion of this.database) {
      const { routerId, areas, lsas } = create(ListDatabaseResponseSchema, portion);
      yield { routerId, areas, lsas: lsas.filter((lsa) => type === 0 || lsa.type === type) };
    }
  }

  async *#routes() {
    for (const portion of this.routes) yield create(OspfServiceListRoutesResponseSchema, portion);
  }
}
