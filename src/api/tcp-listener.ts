import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";

/** Lets `server` listen on `endpoint`; answers with the endpoint it has (port 0: a free one). Throws OperatorError. */
export async function listenOnTcp(server: Server, endpoint: Endpoint): Promise<Endpoint> {
  try {
    server.listen({ host: endpoint.host, port: endpoint.port });
    await once(server, "listening");
  } catch (error) {
    throw refused(endpoint, error);
  }
  const { address, port } = server.address() as AddressInfo; // what a listening TCP server has
  return { host: address, port };
}

function refused(endpoint: Endpoint, error: unknown): OperatorError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const at = formatEndpoint(endpoint);
  const [reason, remedy] = REASONS.get(code) ?? [
    `cannot listen on ${at} (${code})`,
    "choose another api.listen",
  ];
  return new OperatorError(reason.replace("AT", at), remedy, { cause: error });
}

const REASONS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["EADDRINUSE", ["AT is in use", "stop what listens there, or choose another api.listen"]],
  [
    "EACCES",
    [
      "no permission to listen on AT",
      "choose a port above 1023 for api.listen, or grant CAP_NET_BIND_SERVICE",
    ],
  ],
  ["EADDRNOTAVAIL", ["AT is no address of this machine", "choose one of its addresses for api.listen"]],
  ["ENOTFOUND", ["the host name of AT is not known", "choose an IP address for api.listen"]],
]);
