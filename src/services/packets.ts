import { links } from "#services/links.ts";
import type { PacketsApi } from "#services/packets-api.ts";
import { packetsConfig } from "#services/packets-config.ts";
import type { PacketsTools } from "#services/packets-tools.ts";
import { service } from "#services/service.ts";

/** Captures, and responders out of the operator's folder. What one of them lacks is its own affair. */
export function packetsService(tools: PacketsTools) {
  return service({
    name: "packets",
    type: "Packets",
    needs: { links },
    config: packetsConfig,
    async start(host, config, needs): Promise<PacketsApi> {
      const { PacketsDesk } = await import("#services/packets-desk.ts");
      const desk = new PacketsDesk(host, needs.links, tools, config);
      host.atReconfigure((changed) => desk.take(changed));
      return desk;
    },
  });
}
