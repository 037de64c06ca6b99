import { links } from "#services/links.ts";
import type { RoutesApi } from "#services/routes-api.ts";
import { routesConfig } from "#services/routes-config.ts";
import { service } from "#services/service.ts";

/** The routing table: what connected networks, kernel, operator and protocols offer; the kernel gets the best of it. */
export const routes = service({
  name: "routes",
  type: "Routing table",
  needs: { links },
  config: routesConfig,
  async start(host, config, needs): Promise<RoutesApi> {
    const { RoutesDesk } = await import("#services/routes-desk.ts");
    const desk = await RoutesDesk.start(host, needs.links, config);
    host.atReconfigure((changed) => desk.take(changed));
    return desk;
  },
});
