import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";

/** What an operator can do about an address that cannot be listened on; `code` is the system's word ("EADDRINUSE"). */
export function listenError(
  transport: "TCP" | "UDP",
  at: Endpoint,
  code: string,
  cause?: unknown,
): OperatorError {
  const [reason, remedy] = explanation(code, transport === "TCP" ? "-ltnp" : "-lunp");
  return new OperatorError(`cannot listen on ${transport} ${formatEndpoint(at)}: ${reason}`, remedy, {
    cause,
  });
}

function explanation(code: string, flags: string): readonly [reason: string, remedy: string] {
  switch (code) {
    case "EADDRINUSE":
      return ["the address is in use", `stop what uses it (ss ${flags} shows it) or configure another`];
    case "EADDRNOTAVAIL":
      return ["this machine has no such address", "configure one that `ip addr` shows"];
    case "EACCES":
      return ["not permitted", "configure a port above 1023, or grant CAP_NET_BIND_SERVICE"];
    default:
      return [code, "configure another address"];
  }
}
