import { Code, type ServiceImpl } from "@connectrpc/connect";
import { routeMessage, sourceOf } from "#api/convert-routes.ts";
import type { ListRoutesRequest, RoutesService } from "#api/gen/parley/v1/routes_pb.ts";
import { refusal, refusing } from "#api/refusal.ts";
import { formatIpv4Prefix, fromAddress, parseIpv4 } from "#base/ipv4.ts";
import { parsePrefix } from "#base/prefix.ts";
import type { NodeControl } from "#services/control.ts";
import type { RoutePrefix, RoutesApi, RouteStatus } from "#services/routes-api.ts";

/** parley.v1.RoutesService over the routes service that runs at the time of the call. */
export function routesService(control: NodeControl): ServiceImpl<typeof RoutesService> {
  const running = () => refusing(Code.Unavailable, () => control.api("routes") as RoutesApi);
  return {
    async listRoutes(request) {
      const found = routesFor(await running(), request);
      const page: RouteStatus[] = [];
      for (const status of found) {
        const last = page.at(-1);
        if (last && page.length >= PAGE && !isSamePrefix(last, status))
          return { routes: page.map(routeMessage), nextAfter: prefixText(last) };
        page.push(status);
      }
      return { routes: page.map(routeMessage), nextAfter: "" };
    },
  };
}

function routesFor(api: RoutesApi, { which, sources, after }: ListRoutesRequest): Iterable<RouteStatus> {
  const wanted = sources.flatMap((source) => sourceOf(source) ?? []);
  const isWanted = ({ route }: RouteStatus): boolean => sources.length === 0 || wanted.includes(route.source);
  switch (which.case) {
    case "address": {
      const address = parseIpv4(which.value);
      if (address === undefined)
        throw refusal(
          Code.InvalidArgument,
          `"${which.value}" is no IPv4 address`,
          "write one such as 192.0.2.7",
        );
      return api.lookup(address).filter(isWanted);
    }
    case "prefix":
      return api.at(prefixOf(which.value)).filter(isWanted);
    default:
      return api.routes({
        ...(sources.length > 0 && { sources: wanted }),
        ...(which.case === "within" && { within: prefixOf(which.value) }),
        ...(after !== "" && { after: prefixOf(after) }),
      });
  }
}

function prefixOf(text: string): RoutePrefix {
  const prefix = parsePrefix(text);
  const network = prefix && fromAddress(prefix.address);
  if (prefix && network !== undefined) return { network, length: prefix.length };
  throw refusal(Code.InvalidArgument, `"${text}" is no IPv4 prefix`, "write one such as 192.0.2.0/24");
}

function isSamePrefix(a: RouteStatus, b: RouteStatus): boolean {
  return a.route.network === b.route.network && a.route.length === b.route.length;
}

function prefixText({ route }: RouteStatus): string {
  return formatIpv4Prefix(route.network, route.length);
}

/** With 16 next hops each they stay below the 4 MiB that gRPC clients accept by default. */
const PAGE = 4_000;
