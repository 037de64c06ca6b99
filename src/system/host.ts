import { randomBytes } from "node:crypto";
import { seededRandom } from "#base/random.ts";
import type { Host } from "#host/host.ts";
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
  };
}
