import { randomBytes } from "node:crypto";
import { seededRandom } from "#base/random.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { Host } from "#host/host.ts";
import type { PacketSockets } from "#host/packet-sockets.ts";
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
  };
}

function systemPacketSockets(): PacketSockets {
  return {
    open: async (options, handlers) => {
      needsLinux("packet sockets");
      // Loaded late: it costs start-up time, and elsewhere it does not exist.
      const { linuxPacketSockets } = await import("#system/linux/packet-sockets.ts");
      return await linuxPacketSockets().open(options, handlers);
    },
  };
}

function needsLinux(what: string): void {
  if (process.platform === "linux") return;
  throw new OperatorError(`there are no ${what} on this system`, "they need Linux");
}
