import { fromAddress, maskOf, type Ipv4 } from "#base/ipv4.ts";
import type { Link } from "#host/links.ts";
import type { InterfaceConfig, NetworkType } from "#ospf/config.ts";
import type { StubNetwork } from "#ospf/state.ts";

/** Where an interface of the machine puts this router. */
export interface Place {
  readonly link: Link;
  readonly type: NetworkType;
  readonly address: Ipv4;
  readonly mask: Ipv4;
  readonly stubs: readonly StubNetwork[];
}

/** Undefined while the interface can carry nothing, or has no address that routers could be told. */
export function placeOf(link: Link, config: InterfaceConfig): Place | undefined {
  const type = config.type ?? typeOf(link);
  const networks = link.addresses.flatMap(({ address, prefixLength, scope, flags }) => {
    const own = fromAddress(address);
    const isTold = own !== undefined && scope !== "host" && own >>> 24 !== 127;
    return isTold && !flags.includes("secondary") ? [{ own, mask: maskOf(prefixLength) }] : [];
  });
  const [first, ...rest] = networks;
  if (type === "loopback") {
    if (!link.up || !first) return undefined;
    // Each address by itself: there is nobody else on a loopback.
    const stubs = networks.map(({ own }) => ({ network: own, mask: maskOf(32) }));
    return { link, type, address: first.own, mask: maskOf(32), stubs };
  }
  if (!link.running) return undefined;
  if (!first) return type === "point-to-point" ? { link, type, address: 0, mask: 0, stubs: [] } : undefined;
  const stubs = rest.map(({ own, mask }) => ({ network: (own & mask) >>> 0, mask }));
  return { link, type, address: first.own, mask: first.mask, stubs };
}

function typeOf({ flags, medium }: Link): NetworkType {
  if (flags.includes("LOOPBACK") || medium === "loopback") return "loopback";
  if (flags.includes("POINTOPOINT")) return "point-to-point";
  return flags.includes("BROADCAST") ? "broadcast" : "point-to-point";
}
