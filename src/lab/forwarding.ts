import { maskOf, parseIpv4, type Ipv4 } from "#base/ipv4.ts";

/** A route of a node's kernel, as `ip -j route` prints it. */
export interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly type?: string;
  readonly nexthops?: readonly { readonly gateway?: string; readonly flags?: readonly string[] }[];
  readonly flags?: readonly string[];
}

/** How packets go on from a node: who has the address of a gateway, where the wire in between is whole. */
export interface Forwarding {
  /** Of a node's kernel. */
  readonly routes: ReadonlyMap<string, readonly KernelRoute[]>;
  /** The node that a gateway leads to from a node; undefined: nobody would get the packet. */
  nodeBehind(from: string, gateway: string): string | undefined;
}

/** Whether each way that the kernels know from a node to an address of another gets there. */
export function reaches(forwarding: Forwarding, from: string, to: string, address: string): boolean {
  const target = parseIpv4(address);
  if (target === undefined) return false;
  /** False while its ways are being followed: whoever comes by again goes round in a loop. */
  const known = new Map([[to, true]]);
  const follow = (node: string): boolean => {
    const before = known.get(node);
    if (before !== undefined) return before;
    known.set(node, false);
    const gateways = gatewaysTo(forwarding.routes.get(node) ?? [], target);
    const arrives =
      gateways.length > 0 &&
      gateways.every((gateway) => {
        const next = forwarding.nodeBehind(node, gateway);
        return next !== undefined && follow(next);
      });
    known.set(node, arrives);
    return arrives;
  };
  return follow(from);
}

/** Gateways of the longest prefix that has the address; none when that leads nowhere. */
function gatewaysTo(routes: readonly KernelRoute[], target: Ipv4): string[] {
  let best: KernelRoute | undefined;
  let longest = -1;
  for (const route of routes) {
    const { network, length } = prefixOf(route.dst);
    // Of several of one prefix the kernel uses the first, which is the one with the lowest metric.
    if (length > longest && (target & maskOf(length)) >>> 0 === network) [best, longest] = [route, length];
  }
  if (!best || (best.type !== undefined && best.type !== "unicast")) return [];
  const hops = best.nexthops ?? [best];
  return hops.flatMap(({ gateway, flags = [] }) =>
    gateway === undefined || flags.includes("dead") ? [] : [gateway],
  );
}

function prefixOf(text: string): { readonly network: Ipv4; readonly length: number } {
  const [address, length = "32"] = text === "default" ? ["0.0.0.0", "0"] : text.split("/");
  return { network: parseIpv4(address!) ?? 0, length: Number(length) };
}
