import type { BytesSpec, Labels, Spec, UintSpec } from "#packet/spec.ts";

interface Inherited {
  readonly title: string;
  readonly prefix: string;
  readonly query: readonly string[];
}

/** The same field with every label filled in: its own, or those of what holds it. */
export function labelled(spec: Spec, inherited: Inherited): Spec {
  const title = spec.title ?? inherited.title;
  const query = spec.query?.map((name) => (name.startsWith(".") ? inherited.prefix + name : name));
  const own = { title, prefix: inherited.prefix, query: query ?? inherited.query };
  const labels: Labels = { title, query: own.query };
  switch (spec.kind) {
    case "uint":
      return { ...spec, ...labels, ...(spec.whole && { whole: labelled(spec.whole, own) as UintSpec }) };
    case "address":
    case "bytes":
      return { ...spec, ...labels };
    case "codec":
      return { ...spec, title, query: query ?? (spec.codec.facts ? [] : inherited.query) };
    case "flags":
      return {
        ...spec,
        ...labels,
        flags: spec.flags.map((flag) => ({
          ...flag,
          title: flag.title ?? titleOf(flag.name),
          query: (flag.query ?? [`${own.query[0]}.${snake(flag.name)}`]).map((name) =>
            name.startsWith(".") ? inherited.prefix + name : name,
          ),
        })),
      };
    case "struct":
      return { ...spec, title, query: query ?? [] };
    case "list": {
      const item = labelled(spec.item, own);
      return { ...spec, title, query: item.kind === "struct" ? (query ?? []) : [], item };
    }
    case "when":
      return { ...spec, title, query: [], field: labelled(spec.field, own) };
    case "choose": {
      const cases = [...spec.cases].map(([key, each]) => [key, labelled(each, own)] as const);
      return {
        ...spec,
        title,
        query: [],
        cases: new Map(cases),
        otherwise: labelled(spec.otherwise, own),
        ...(spec.raw && { raw: labelled(spec.raw, own) as BytesSpec }),
      };
    }
  }
}

/** "helloInterval" as "hello_interval". */
export function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** "helloInterval" and "ospf.hello" as "Hello interval" and "OSPF hello". */
export function titleOf(name: string): string {
  const words = snake(name)
    .split(/[._]/)
    .filter((word) => word !== "")
    .map(
      (word) => SPELLED.get(word) ?? (word.length > 5 ? word.replace(/^([a-z]{5,})(\d)$/, "$1 $2") : word),
    );
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const ABBREVIATIONS =
  "ACK ARP AS BFD BGP CPU CRC CWR DHCP DNS DUID ECE ECN FIN GRE ICMP ID IGMP IP LAN LLDP LSA LSDB MAC MAU MPLS MTU NSSA NTP OS " +
  "OSPF PSH RST RX SACK STP SYN TCP TLV TOS TTL TX UDP URG URI UUID VLAN VXLAN";

/** Words of names that people do not spell as they are written there. */
const SPELLED: ReadonlyMap<string, string> = new Map([
  ...ABBREVIATIONS.split(" ").map((word) => [word.toLowerCase(), word] as const),
  ["dont", "don't"],
  ["ids", "IDs"],
  ["ipv4", "IPv4"],
  ["ipv6", "IPv6"],
  ["icmpv6", "ICMPv6"],
  ["lsas", "LSAs"],
  ["tlvs", "TLVs"],
]);
