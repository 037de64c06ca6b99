import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { parseAddress } from "#base/address.ts";
import { seededRandom } from "#base/random.ts";
import type { Host } from "#host/host.ts";
import type { InterfaceAddress } from "#host/links.ts";
import { systemClock } from "#system/clock.ts";
import { systemDatagrams } from "#system/datagrams.ts";
import { systemStreams } from "#system/streams.ts";

/** This machine. */
export function systemHost(): Host {
  return {
    clock: systemClock(),
    random: seededRandom(randomBytes(16).toString("hex")),
    datagrams: systemDatagrams(),
    streams: systemStreams(),
    links: { addresses },
  };
}

function addresses(): readonly InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).flatMap((entry) => {
      const address = parseAddress(entry.address);
      return address ? [{ interface: name, address }] : [];
    }),
  );
}
