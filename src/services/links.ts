import { z } from "zod";
import { formatAddress } from "#base/address.ts";
import type { Link, LinkAddress, LinkChange } from "#host/links.ts";
import type { LinksApi } from "#services/links-api.ts";
import { service } from "#services/service.ts";

/** The interface monitor: what interfaces this machine has, and each change as an event. */
export const links = service({
  name: "links",
  type: "InterfaceMonitor",
  needs: {},
  // Everything else stands on it, and it costs next to nothing.
  always: true,
  config: z.strictObject({}).prefault({}),
  async start(host): Promise<LinksApi> {
    const known = new Map<number, Link>();
    const listeners = new Set<(changes: readonly LinkChange[]) => void>();
    const monitor = await host.links.watch((changes) => {
      for (const change of changes) {
        const { link } = change;
        const isRemoved = change.type === "removed";
        const text = describe(known.get(link.index), isRemoved ? undefined : link, link.name);
        if (isRemoved) known.delete(link.index);
        else known.set(link.index, link);
        host.log.publish("info", text, { type: "interface", link, removed: isRemoved });
      }
      for (const listener of listeners) listener(changes);
    });
    host.atStop(() => monitor.close());
    for (const link of monitor.links()) known.set(link.index, link);
    return {
      interfaces: async () => {
        await monitor.refresh();
        return monitor.links();
      },
      current: () => monitor.links(),
      follow: (listener, signal) => {
        listeners.add(listener);
        signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
      },
    };
  },
});

/** One line on what became different: "eth0: up, 192.0.2.7/24 added". */
export function describe(before: Link | undefined, after: Link | undefined, name: string): string {
  if (!after) return `${name}: removed`;
  const news = before ? [] : ["new"];
  if (before && before.name !== after.name) news.push(`was ${before.name}`);
  if (!before || stateOf(before) !== stateOf(after)) news.push(stateOf(after));
  if (before && before.mtu !== after.mtu) news.push(`MTU ${after.mtu}`);
  const [had, has] = [(before?.addresses ?? []).map(addressText), after.addresses.map(addressText)];
  for (const text of has) if (!had.includes(text)) news.push(`${text} added`);
  for (const text of had) if (!has.includes(text)) news.push(`${text} removed`);
  return `${name}: ${news.length === 0 ? "changed" : news.join(", ")}`;
}

/** "up" when it can carry packets, "down" when the operator has it so, else why not. */
function stateOf({ up, running, operState }: Link): string {
  if (running) return "up";
  return up && operState !== "down" ? operState : up ? "no carrier" : "down";
}

function addressText({ address, prefixLength }: LinkAddress): string {
  return `${formatAddress(address)}/${prefixLength}`;
}
