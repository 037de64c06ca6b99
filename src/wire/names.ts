/** Numbers of the IEEE's and IANA's registries that people know by name. */
export const ETHERTYPES: ReadonlyMap<number, string> = new Map([
  [0x0800, "IPv4"],
  [0x0806, "ARP"],
  [0x6558, "Transparent Ethernet bridging"],
  [0x8035, "RARP"],
  [0x8100, "802.1Q Virtual LAN"],
  [0x86dd, "IPv6"],
  [0x8808, "MAC Control"],
  [0x8847, "MPLS"],
  [0x8863, "PPPoE Discovery"],
  [0x8864, "PPPoE Session"],
  [0x888e, "802.1X"],
  [0x88a8, "802.1ad Provider Bridge"],
  [0x88cc, "LLDP"],
  [0x9000, "Loopback"],
]);

/** A type of Ethernet's by its name, or as a number: "IPv4", "type 0x88b5". */
export function etherTypeText(type: number): string {
  return ETHERTYPES.get(type) ?? `type 0x${type.toString(16).padStart(4, "0")}`;
}

export const IP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, "IPv6 Hop-by-Hop Option"],
  [1, "ICMP"],
  [2, "IGMP"],
  [4, "IPIP"],
  [6, "TCP"],
  [17, "UDP"],
  [41, "IPv6"],
  [43, "Routing Header for IPv6"],
  [44, "Fragment Header for IPv6"],
  [47, "GRE"],
  [50, "ESP"],
  [51, "AH"],
  [58, "ICMPv6"],
  [59, "No Next Header for IPv6"],
  [60, "Destination Options for IPv6"],
  [89, "OSPF"],
  [112, "VRRP"],
  [132, "SCTP"],
]);

/** A protocol in IP by its name, or as a number: "UDP", "protocol 253". */
export function ipProtocolText(protocol: number): string {
  return IP_PROTOCOLS.get(protocol) ?? `protocol ${protocol}`;
}

/** "fragment of UDP, bytes from 160, more follow, id 0x0fa0". */
export function fragmentText(
  what: string,
  { offset, more, id, digits }: { offset: number; more: boolean; id: number; digits: number },
): string {
  const place = more
    ? offset === 0
      ? "first fragment"
      : "fragment"
    : offset === 0
      ? "only fragment"
      : "last fragment";
  const from = offset > 0 ? ` from byte ${offset}` : "";
  return `${place} of ${what}${from}, id 0x${id.toString(16).padStart(digits, "0")}`;
}

export function byteCount(count: number): string {
  return count === 1 ? "1 byte" : `${count} bytes`;
}
