import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";

/** What an operator can do about an address that cannot be listened on. */
export function listenError(
  transport: "TCP" | "UDP",
  at: Endpoint,
  error: NodeJS.ErrnoException,
): OperatorError {
  const where = `cannot listen on ${transport} ${formatEndpoint(at)}`;
  const flags = transport === "TCP" ? "-ltnp" : "-lunp";
  switch (error.code) {
    case "EADDRINUSE":
      return new OperatorError(
        `${where}: the address is in use`,
        `stop what uses it (ss ${flags} shows it) or configure another`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
      return new OperatorError(
        `${where}: this machine has no such address`,
        "configure one that `ip addr` shows",
        {
          cause: error,
        },
      );
    case "EACCES":
      return new OperatorError(
        `${where}: not permitted`,
        "configure a port above 1023, or grant CAP_NET_BIND_SERVICE",
        {
          cause: error,
        },
      );
    default:
      return new OperatorError(`${where}: ${error.code ?? error.message}`, "configure another address", {
        cause: error,
      });
  }
}
