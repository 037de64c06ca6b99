import { networkInterfaces } from "node:os";
import { parseAddress } from "#base/address.ts";
import type { InterfaceAddress, LinkChange, LinkMonitor, Links } from "#host/links.ts";
import { openPolledLinks } from "#system/polled-links.ts";

/** The machine's interfaces: announced by the kernel on Linux, looked at every second elsewhere. */
export function systemLinks(): Links {
  return { addresses, watch };
}

function addresses(): readonly InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).flatMap((entry) => {
      const address = parseAddress(entry.address);
      return address ? [{ interface: name, address }] : [];
    }),
  );
}

async function watch(changed: (changes: readonly LinkChange[]) => void): Promise<LinkMonitor> {
  if (process.platform !== "linux") return openPolledLinks(changed);
  // Loaded late: it costs start-up time, and elsewhere it does not exist.
  try {
    const { NetlinkMonitor } = await import("#system/linux/links.ts");
    return await NetlinkMonitor.open(changed);
  } catch {
    // A Node without node:ffi, or a sandbox without netlink; parley doctor says which.
    return openPolledLinks(changed);
  }
}
