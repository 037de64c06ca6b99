import { Code, type ServiceImpl } from "@connectrpc/connect";
import { interfaceMessage } from "#api/convert-links.ts";
import type { LinksService } from "#api/gen/parley/v1/links_pb.ts";
import { refusal, refusing } from "#api/refusal.ts";
import type { NodeControl } from "#services/control.ts";
import type { LinksApi } from "#services/links-api.ts";

/** parley.v1.LinksService over the links service that runs at the time of the call. */
export function linksService(control: NodeControl): ServiceImpl<typeof LinksService> {
  const running = () => refusing(Code.Unavailable, () => control.api("links") as LinksApi);
  return {
    async listInterfaces({ name }) {
      const links = await (await running()).interfaces();
      const chosen = name === "" ? links : links.filter((link) => link.name === name);
      if (name !== "" && chosen.length === 0)
        throw refusal(Code.NotFound, `there is no interface ${name}`, "see the list of interfaces");
      return { interfaces: chosen.map(interfaceMessage) };
    },
  };
}
