import { randomBytes } from "node:crypto";
import { explain, OperatorError } from "#base/operator-error.ts";
import { seededRandom } from "#base/random.ts";
import type { Host } from "#host/host.ts";
import type { PacketSockets } from "#host/packet-sockets.ts";
import type { RawIp } from "#host/raw-ip.ts";
import type { Routes } from "#host/routes.ts";
import { systemCipher } from "#system/cipher.ts";
import { systemClock } from "#system/clock.ts";
import { systemDatagrams } from "#system/datagrams.ts";
import { systemLinks } from "#system/links.ts";
import { systemStreams } from "#system/streams.ts";

/** This machine. */
export function systemHost(): Host {
  return {
    clock: systemClock(),
    random: seededRandom(randomBytes(16).toString("hex")),
    cipher: systemCipher,
    datagrams: systemDatagrams(),
    streams: systemStreams(),
    links: systemLinks(),
    packetSockets: systemPacketSockets(),
    rawIp: systemRawIp(),
    routes: systemRoutes(),
  };
}

function systemPacketSockets(): PacketSockets {
  const load = () => loadLinux("packet sockets", () => import("#system/linux/packet-sockets.ts"));
  return {
    open: async (options, handlers) => await (await load()).linuxPacketSockets().open(options, handlers),
  };
}

function systemRawIp(): RawIp {
  const load = () => loadLinux("raw IP sockets", () => import("#system/linux/raw-ip.ts"));
  return {
    open: async (options, handlers) => await (await load()).linuxRawIp().open(options, handlers),
    openSender: async (options) => await (await load()).linuxRawIp().openSender(options),
  };
}

function systemRoutes(): Routes {
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
