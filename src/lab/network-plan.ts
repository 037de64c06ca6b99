import { joinNames, suggestion } from "#base/edit-distance.ts";
import { formatIpv4, formatIpv4Prefix, parseIpv4, type Ipv4 } from "#base/ipv4.ts";
import {
  AddressPool,
  hostAddresses,
  hostsOf,
  isHost,
  isInside,
  overlaps,
  type Block,
} from "#lab/address-pool.ts";
import type {
  EndSection,
  LabFile,
  LinkSection,
  LinkType,
  NodeEntry,
  NodeKind,
  NodeSection,
} from "#lab/lab-file.ts";
import type { Refuse } from "#lab/topology.ts";

/** A lab of namespaces, with every address and name that its file left out. */
export interface NetworkPlan {
  readonly nodes: readonly NodePlan[];
  readonly links: readonly LinkPlan[];
}

export interface NodePlan {
  readonly name: string;
  readonly kind: NodeKind;
  readonly routerId: string;
  /** On lo, a /32: what the others are to reach. */
  readonly loopback: string;
  readonly interfaces: readonly InterfacePlan[];
  readonly helloInterval: number;
  readonly deadInterval: number;
  /** Its own file instead of a generated one, below the lab's folder. */
  readonly config?: string;
  /** Laid over what is generated for a Parley. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** Behind what is generated for FRR or BIRD. */
  readonly lines: string;
}

export interface InterfacePlan {
  readonly name: string;
  /** With its length: "10.0.1.1/30". */
  readonly address: string;
  /** "stub": a network where nobody else is. */
  readonly type: LinkType | "stub";
  readonly cost?: number;
  readonly priority?: number;
  /** Of the others on the link, for types that do not find them by multicast. */
  readonly neighbors: readonly string[];
}

export interface LinkPlan {
  readonly name: string;
  readonly network: string;
  readonly mtu?: number;
  /** One for a stub network. */
  readonly ends: readonly { readonly node: string; readonly interface: string; readonly address: string }[];
}

/** Fills in what the file leaves out. What does not fit together goes to `refuse`; the plan is then of no use. */
export function planNetwork(file: LabFile, refuse: Refuse): NetworkPlan {
  const { links = [] } = file;
  const known = new Set(file.nodes.map(({ name }) => name));
  for (const [i, { ends }] of links.entries()) checkEnds(ends, ["links", i, "ends"], known, refuse);
  const blocks = placeLinks(links, file.nodes, refuse);
  const names = nameLinks(links, known, refuse);
  const ids = placeRouters(file.nodes, blocks, refuse);
  const interfaces = new Map(file.nodes.map(({ name }) => [name, [] as InterfacePlan[]]));
  const planned = links.map((link, i) =>
    planLink({ link, at: i, name: names[i]!, block: blocks[i]!, interfaces, refuse }),
  );
  for (const { name, section } of file.nodes)
    for (const [i, network] of (section?.["stub-networks"] ?? []).entries())
      planned.push(planStub(name, i, network, interfaces.get(name)!));
  const hello = file.timers?.["hello-interval"] ?? 10;
  const nodes = file.nodes.map((entry) => ({
    ...planNode(entry, refuse),
    ...ids.get(entry.name)!,
    interfaces: interfaces.get(entry.name)!,
    helloInterval: hello,
    deadInterval: file.timers?.["dead-interval"] ?? 4 * hello,
  }));
  return { nodes, links: planned };
}

function checkEnds(
  ends: readonly EndSection[],
  path: readonly PropertyKey[],
  known: ReadonlySet<string>,
  refuse: Refuse,
): void {
  for (const [i, { node }] of ends.entries()) {
    if (!known.has(node))
      refuse(
        [...path, i],
        `there is no node ${node}`,
        suggestion(node, known) ?? `name one of ${joinNames([...known], "or")}`,
      );
    else if (ends.findIndex((each) => each.node === node) < i)
      refuse(
        [...path, i],
        `${node} is at two ends of one link`,
        "a link has one end at a node; add another link",
      );
  }
}

/** The network of each link. */
function placeLinks(links: readonly LinkSection[], nodes: readonly NodeEntry[], refuse: Refuse): Block[] {
  const taken: { readonly block: Block; readonly path: readonly PropertyKey[] }[] = [];
  const take = (block: Block, path: readonly PropertyKey[]): void => {
    const other = taken.find((each) => overlaps(each.block, block));
    if (other) {
      const text = formatIpv4Prefix(other.block.network, other.block.length);
      refuse(
        path,
        `overlaps ${text} of ${other.path.slice(0, 2).join(" ")}`,
        "take another, or leave it out",
      );
    }
    taken.push({ block, path });
  };
  for (const [i, { network }] of links.entries()) if (network) take(network, ["links", i, "network"]);
  for (const { key, section } of nodes)
    for (const [i, network] of (section?.["stub-networks"] ?? []).entries())
      take(network, ["nodes", key, "stub-networks", i]);
  const pool = new AddressPool(taken.map(({ block }) => block));
  return links.map((link, i) => {
    const block = link.network ?? pool.next(link.ends.length === 2 ? 30 : 24);
    if (hostsOf(block) < link.ends.length)
      refuse(
        ["links", i, "network"],
        `has ${hostsOf(block)} addresses for ${link.ends.length} ends`,
        "take a larger network",
      );
    return block;
  });
}

/** "r1-r2", "lan1"; a name in the file stays. */
function nameLinks(links: readonly LinkSection[], nodes: ReadonlySet<string>, refuse: Refuse): string[] {
  const taken = new Set(nodes);
  for (const [i, { name }] of links.entries()) {
    if (name === undefined) continue;
    if (taken.has(name))
      refuse(["links", i, "name"], `${name} is the name of something else`, "choose another");
    taken.add(name);
  }
  return links.map(({ name, ends }) => {
    if (name !== undefined) return name;
    const wanted = ends.length === 2 ? ends.map(({ node }) => node).join("-") : "lan";
    const free = freeName(wanted, ends.length > 2, taken);
    taken.add(free);
    return free;
  });
}

function freeName(wanted: string, isNumbered: boolean, taken: ReadonlySet<string>): string {
  if (!isNumbered && !taken.has(wanted)) return wanted;
  const separator = isNumbered ? "" : "-";
  for (let i = isNumbered ? 1 : 2; ; i++) {
    const name = `${wanted}${separator}${i}`;
    if (!taken.has(name)) return name;
  }
}

/** Router ids and loopbacks: 192.0.2.1 of the first node, 192.0.2.2 of the second, unless the file has others. */
function placeRouters(
  nodes: readonly NodeEntry[],
  blocks: readonly Block[],
  refuse: Refuse,
): ReadonlyMap<string, { readonly routerId: string; readonly loopback: string }> {
  const ids = new Map<Ipv4, string>();
  const loopbacks = new Map<Ipv4, string>();
  const claim = (all: Map<Ipv4, string>, value: Ipv4, { name, key }: NodeEntry, what: string): void => {
    const other = all.get(value);
    if (other !== undefined)
      refuse(["nodes", key, what], `${formatIpv4(value)} is that of ${other}`, "each node needs its own");
    all.set(value, name);
  };
  const given = nodes.map((entry) => {
    const { "router-id": id, loopback } = entry.section ?? {};
    const own = { id: id ?? loopback, loopback: loopback ?? id };
    if (own.id === undefined || own.loopback === undefined) return own;
    claim(ids, own.id, entry, id === undefined ? "loopback" : "router-id");
    claim(loopbacks, own.loopback, entry, loopback === undefined ? "router-id" : "loopback");
    if (blocks.some((block) => isInside(block, own.loopback!)))
      refuse(
        ["nodes", entry.key],
        `${formatIpv4(own.loopback)} is inside the network of a link`,
        "take another loopback",
      );
    return own;
  });
  let next = FIRST_ID;
  return new Map(
    nodes.map(({ name }, i) => {
      const { id, loopback } = given[i]!;
      if (id !== undefined && loopback !== undefined)
        return [name, { routerId: formatIpv4(id), loopback: formatIpv4(loopback) }];
      while (ids.has(next) || loopbacks.has(next)) next++;
      const text = formatIpv4(next++);
      return [name, { routerId: text, loopback: text }];
    }),
  );
}

interface LinkPlace {
  readonly link: LinkSection;
  readonly at: number;
  readonly name: string;
  readonly block: Block;
  readonly interfaces: ReadonlyMap<string, InterfacePlan[]>;
  readonly refuse: Refuse;
}

function planLink({ link, at, name, block, interfaces, refuse }: LinkPlace): LinkPlan {
  const type = link.type ?? (link.ends.length === 2 ? "point-to-point" : "broadcast");
  if (type === "point-to-point" && link.ends.length > 2)
    refuse(
      ["links", at, "type"],
      `is for two ends, not ${link.ends.length}`,
      "leave it out, or write broadcast",
    );
  const addresses = endAddresses(link, at, block, refuse);
  const ends = link.ends.map(({ node, cost = link.cost, priority }, i) => {
    const own = interfaces.get(node) ?? [];
    const other = link.ends.length === 2 ? `to-${link.ends[1 - i]!.node}` : name;
    const neighbors = NEEDS_NEIGHBORS.has(type) ? addresses.filter((_, j) => j !== i).map(formatIpv4) : [];
    const planned = {
      name: interfaceName(other, own),
      address: formatIpv4Prefix(addresses[i]!, block.length),
      type,
      ...(cost !== undefined && { cost }),
      ...(priority !== undefined && { priority }),
      neighbors,
    };
    own.push(planned);
    return { node, interface: planned.name, address: planned.address };
  });
  const network = formatIpv4Prefix(block.network, block.length);
  return { name, network, ends, ...(link.mtu !== undefined && { mtu: link.mtu }) };
}

/** Those in the file stay; the others get the lowest that are free. */
function endAddresses(link: LinkSection, at: number, block: Block, refuse: Refuse): Ipv4[] {
  const taken = new Set<Ipv4>();
  for (const [i, { address }] of link.ends.entries()) {
    if (address === undefined) continue;
    const path = ["links", at, "ends", i, "address"];
    const network = formatIpv4Prefix(block.network, block.length);
    if (!isHost(block, address))
      refuse(path, `is no address of ${network}`, "take one of it, or leave it out");
    if (taken.has(address)) refuse(path, "is that of another end", "each end needs its own");
    taken.add(address);
  }
  let next = 0;
  return link.ends.map(({ address }) => {
    if (address !== undefined) return address;
    const free = hostAddresses(block);
    while (taken.has(free[next]!)) next++;
    return free[next++] ?? block.network;
  });
}

function planStub(node: string, at: number, block: Block, own: InterfacePlan[]): LinkPlan {
  const address = formatIpv4Prefix(hostAddresses(block)[0] ?? block.network, block.length);
  const planned: InterfacePlan = {
    name: interfaceName(`stub${at}`, own),
    address,
    type: "stub",
    neighbors: [],
  };
  own.push(planned);
  const network = formatIpv4Prefix(block.network, block.length);
  return { name: `${node} ${planned.name}`, network, ends: [{ node, interface: planned.name, address }] };
}

/** The wanted name, or the next of e0, e1 … where that is too long or taken. */
function interfaceName(wanted: string, own: readonly InterfacePlan[]): string {
  const isFree = (name: string) => name !== "lo" && !own.some((each) => each.name === name);
  if (wanted.length <= LONGEST_INTERFACE && isFree(wanted)) return wanted;
  for (let i = 0; ; i++) if (isFree(`e${i}`)) return `e${i}`;
}

function planNode({ name, key, section }: NodeEntry, refuse: Refuse) {
  const { kind = "parley", config, lines, ospf, routes } = section ?? ({} as Partial<NodeSection>);
  const own = (["ospf", "routes", "lines"] as const).filter((each) => section?.[each] !== undefined);
  for (const each of own) {
    const path = ["nodes", key, each];
    if (config !== undefined) refuse(path, "is not used beside config", "put it into that file");
    else if ((each === "lines") === (kind === "parley"))
      refuse(path, `is not for ${kind}`, kind === "parley" ? "write ospf: or routes:" : "write lines: |");
  }
  return {
    name,
    kind,
    ...(config !== undefined && { config }),
    sections: { ...(ospf && { ospf }), ...(routes && { routes }) },
    lines: lines ?? "",
  };
}

const NEEDS_NEIGHBORS: ReadonlySet<string> = new Set(["non-broadcast", "point-to-multipoint"]);
const LONGEST_INTERFACE = 15;
/** Of TEST-NET-1, RFC 5737: 64 nodes fit, and nobody's real network is hidden. */
const FIRST_ID = parseIpv4("192.0.2.1")!;
