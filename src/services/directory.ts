import { OperatorError } from "#base/operator-error.ts";
import type { DirectoryApi, DirectoryResult } from "#services/directory-api.ts";
import { directoryConfig } from "#services/directory-config.ts";
import { identity } from "#services/identity.ts";
import { peers } from "#services/peers.ts";
import { service } from "#services/service.ts";

/** Where peers find each other for the first time: a server of such a directory, a client of others, or both. */
export const directory = service({
  name: "directory",
  type: "Directory",
  needs: { identity, peers },
  config: directoryConfig,
  listens: ({ serve }) => (serve ? [{ key: "directory.serve", transport: "tcp", endpoint: serve }] : []),
  async start(host, config, needs): Promise<DirectoryApi> {
    const { serve, url, urls, token } = config;
    const { DirectoryServer } = await import("#services/directory-server.ts");
    const { DirectoryClient } = await import("#services/directory-client.ts");
    const server = serve && (await DirectoryServer.start(host, config, serve, needs.identity));
    const written = url === undefined ? urls : [url, ...urls];
    const places = [...new Set(written.map((each) => each.replace(/\/+$/, "")))];
    const clients = places.map((place) => new DirectoryClient(host, place, token, needs));
    const order = (request: "join" | "refill" | "leave" | "list" | "reset") => {
      return async (wanted: string): Promise<readonly DirectoryResult[]> => {
        const asked = clients.filter((client) => wanted === "" || client.url === wanted.replace(/\/+$/, ""));
        if (asked.length > 0) return await Promise.all(asked.map((client) => client.order(request)));
        const known = clients.length === 0 ? "configure directory.url" : `name one of ${places.join(", ")}`;
        throw new OperatorError(
          wanted === "" ? "this node asks no directory" : `${wanted} is not configured`,
          known,
        );
      };
    };
    return {
      server: () => server?.view(),
      clients: () => clients.map((client) => client.view()),
      join: order("join"),
      refill: order("refill"),
      leave: order("leave"),
      list: order("list"),
      reset: order("reset"),
    };
  },
});
