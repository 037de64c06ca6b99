import { randomBytes } from "node:crypto";
import { seededRandom } from "#base/random.ts";
import type { Host } from "#host/host.ts";
import { systemCipher } from "#system/cipher.ts";
import { systemClock } from "#system/clock.ts";
import { systemDatagrams } from "#system/datagrams.ts";
import { systemFiles } from "#system/files.ts";
import { systemHttp } from "#system/http.ts";
import { systemPacketSockets, systemRawIp, systemRoutes } from "#system/linux-ports.ts";
import { systemLinks } from "#system/links.ts";
import { systemStores } from "#system/stores.ts";
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
    files: systemFiles(),
    http: systemHttp(),
    stores: systemStores(),
  };
}
