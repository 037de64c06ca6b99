import { explain, OperatorError } from "#base/operator-error.ts";
import type { PacketSockets } from "#host/packet-sockets.ts";
import type { RawIp } from "#host/raw-ip.ts";
import type { Routes } from "#host/routes.ts";

/** Packets below IP; whoever needs nothing else of the machine loads only this. */
export function systemPacketSockets(): PacketSockets {
  const load = () => loadLinux("packet sockets", () => import("#system/linux/packet-sockets.ts"));
  return {
    open: async (options, handlers) => await (await load()).linuxPacketSockets().open(options, handlers),
  };
}

/** Packets of one IP protocol. */
export function systemRawIp(): RawIp {
  const load = () => loadLinux("raw IP sockets", () => import("#system/linux/raw-ip.ts"));
  return {
    open: async (options, handlers) => await (await load()).linuxRawIp().open(options, handlers),
    openSender: async (options) => await (await load()).linuxRawIp().openSender(options),
  };
}

/** The kernel's table of routes. */
export function systemRoutes(): Routes {
  const load = () => loadLinux("routes", () => import("#system/linux/routes.ts"));
  return {
    open: async (options, handlers) => await (await load()).linuxRoutes().open(options, handlers),
  };
}

/** What only Linux has is loaded late: it costs start-up time, and elsewhere it does not exist. */
async function loadLinux<Module>(what: string, load: () => Promise<Module>): Promise<Module> {
  if (process.platform !== "linux") throw new OperatorError(`there are no ${what} here`, "they need Linux");
  try {
    return await load();
  } catch (cause) {
    const remedy = "run the version of Node that package.json names: others lack the node:ffi they need";
    throw new OperatorError(`${what} cannot be loaded: ${explain(cause)}`, remedy, { cause });
  }
}
