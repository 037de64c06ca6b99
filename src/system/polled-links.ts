import { networkInterfaces } from "node:os";
import { parseAddress, scopeOf } from "#base/address.ts";
import type { Link, LinkAddress, LinkChange, LinkMonitor } from "#host/links.ts";

/**
 * Interfaces where the system cannot announce changes to us: looked at every second. Only those that are up and have an
 * address are seen, without MTU or counters.
 */
export function openPolledLinks(changed: (changes: readonly LinkChange[]) => void): LinkMonitor {
  let links = read();
  const timer = setInterval(() => {
    const before = links;
    links = read();
    const changes = differences(before, links);
    if (changes.length > 0) changed(changes);
  }, PERIOD_MS);
  return {
    links: () => links,
    refresh: async () => {
      links = read();
    },
    close: () => clearInterval(timer),
  };
}

function read(): readonly Link[] {
  return Object.entries(networkInterfaces()).map(([name, list = []], i): Link => {
    const isLoopback = list.some(({ internal }) => internal);
    return {
      // The system's own number is not to be had here.
      index: i + 1,
      name,
      mtu: undefined,
      up: true,
      running: true,
      operState: "unknown",
      flags: isLoopback ? ["LOOPBACK", "UP"] : ["UP"],
      medium: isLoopback ? "loopback" : "",
      hardwareAddress: Uint8Array.from(list[0]?.mac.split(":") ?? [], (part) => Number.parseInt(part, 16)),
      hardwareBroadcast: new Uint8Array(0),
      addresses: list.flatMap(({ cidr }) => addressOf(cidr)),
      counters: undefined,
    };
  });
}

function addressOf(cidr: string | null): LinkAddress[] {
  const [text = "", length = ""] = (cidr ?? "").split("/");
  const address = parseAddress(text);
  if (!address) return [];
  const scope = scopeOf(address);
  return [
    {
      address,
      prefixLength: Number(length),
      scope: scope === "loopback" ? "host" : scope === "link-local" ? "link" : "global",
      flags: [],
    },
  ];
}

function differences(before: readonly Link[], after: readonly Link[]): LinkChange[] {
  const known = new Map(before.map((link) => [link.name, JSON.stringify(link)]));
  const names = new Set(after.map(({ name }) => name));
  return [
    ...before.filter(({ name }) => !names.has(name)).map((link) => ({ type: "removed", link }) as const),
    ...after
      .filter((link) => known.get(link.name) !== JSON.stringify(link))
      .map((link) => ({ type: "link", link }) as const),
  ];
}

const PERIOD_MS = 1_000;
