import type { ParleyConnection } from "#api/client.ts";
import type { Target } from "#cli/options.ts";

/** Connects to the daemon of `target`. Loads the client first: nothing else of the program needs its libraries. */
export async function openConnection(target: Target): Promise<ParleyConnection> {
  const { connectTo } = await import("#api/client.ts");
  if ("server" in target) return connectTo(target);
  if (target.socket !== undefined) return connectTo({ socket: target.socket });
  const { defaultSocketPath } = await import("#config/default-socket.ts");
  return connectTo({ socket: defaultSocketPath() });
}
