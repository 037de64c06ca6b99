import { randomBytes } from "node:crypto";
import { isBuiltin } from "node:module";
import { OperatorError } from "#base/operator-error.ts";
import { seededRandom } from "#base/random.ts";
import type { Host } from "#host/host.ts";
import type { PacketSockets } from "#host/packet-sockets.ts";
import type { RawIp } from "#host/raw-ip.ts";
import { systemClock } from "#system/clock.ts";
import { systemDatagrams } from "#system/datagrams.ts";
import { systemLinks } from "#system/links.ts";
import { systemStreams } from "#system/streams.ts";

/** This machine. */
export function systemHost(): Host {
  return {
    clock: systemClock(),
    random: seededRandom(randomBytes(16).toString("hex")),
    datagrams: systemDatagrams(),
    streams: systemStreams(),
    links: systemLinks(),
    packetSockets: systemPacketSockets(),
    rawIp: systemRawIp(),
  };
}

/** What holds of Linux is loaded late: it costs start-up time, and elsewhere it does not exist. */
function systemPacketSockets(): PacketSockets {
  return {
    open: async (options, handlers) => {
      needsLinux("packet sockets");
      const { linuxPacketSockets } = await import("#system/linux/packet-sockets.ts");
      return await linuxPacketSockets().open(options, handlers);
    },
  };
}

function systemRawIp(): RawIp {
  const load = async (): Promise<RawIp> => {
    needsLinux("raw IP sockets");
    const { linuxRawIp } = await import("#system/linux/raw-ip.ts");
    return linuxRawIp();
  };
  return {
    open: async (options, handlers) => await (await load()).open(options, handlers),
    openSender: async (options) => await (await load()).openSender(options),
  };
}

function needsLinux(what: string): void {
  if (process.platform !== "linux") throw new OperatorError(`there are no ${what} here`, "they need Linux");
  if (isBuiltin("node:ffi")) return;
  throw new OperatorError(
    `${what} need a Node that has node:ffi`,
    "install the version that package.json names",
  );
}
