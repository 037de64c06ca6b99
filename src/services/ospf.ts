import { fromAddress, type Ipv4 } from "#base/ipv4.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { Link } from "#host/links.ts";
import { links } from "#services/links.ts";
import { ospfConfig } from "#services/ospf-config.ts";
import type { OspfApi } from "#services/ospf-api.ts";
import { routes } from "#services/routes.ts";
import { service } from "#services/service.ts";

/** OSPFv2: neighbors, their databases and the routes that follow. RFC 2328. */
export const ospf = service({
  name: "ospf",
  type: "OSPFv2",
  needs: { links, routes },
  config: ospfConfig,
  async start(host, config, needs): Promise<OspfApi> {
    const routerId = config["router-id"] ?? highestAddress(needs.links.current());
    if (routerId === undefined)
      throw new OperatorError(
        "ospf has no router id, and no interface has an IPv4 address",
        "set ospf.router-id",
      );
    const { OspfDesk } = await import("#services/ospf-desk.ts");
    const desk = OspfDesk.start(host, needs, config, routerId);
    host.atReconfigure((changed) => desk.take(changed));
    return desk;
  },
});

/** Of a loopback, if one has an address that others can reach. */
function highestAddress(all: readonly Link[]): Ipv4 | undefined {
  const found = all.flatMap(({ addresses, medium }) =>
    addresses.flatMap(({ address, scope }) => {
      const value = fromAddress(address);
      return value !== undefined && scope !== "host" ? [{ value, isLoopback: medium === "loopback" }] : [];
    }),
  );
  found.sort((a, b) => Number(b.isLoopback) - Number(a.isLoopback) || b.value - a.value);
  return found[0]?.value;
}
