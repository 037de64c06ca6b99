import { z } from "zod";
import { formatEndpoint } from "#base/endpoint.ts";
import { namedEndpointText } from "#config/schema.ts";
import { service } from "#services/service.ts";

/** Where every overlay service learns of peers; so far those that the operator configured. */
export interface PeersApi {
  /** "IP:port" or "host:port", in the configuration's order. */
  configured(): readonly string[];
  /** Calls `listener` when they have changed, until `signal` aborts. */
  follow(listener: () => void, signal: AbortSignal): void;
}

export const peers = service({
  name: "peers",
  type: "PeerBook",
  needs: {},
  config: z
    .array(namedEndpointText())
    .max(1_024, "has more than 1,024 addresses; one that answers is enough")
    .prefault([])
    .meta({ description: "Peers to begin with, IP:port or host:port; one that answers names the others" }),
  start(host, config): PeersApi {
    let addresses = config.map(formatEndpoint);
    const listeners = new Set<() => void>();
    host.atReconfigure((changed) => {
      addresses = changed.map(formatEndpoint);
      for (const listener of listeners) listener();
      return true;
    });
    return {
      configured: () => addresses,
      follow: (listener, signal) => {
        listeners.add(listener);
        signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
      },
    };
  },
});
