/** Where we differ from tshark 4.0 and mean to: each with its reason. Nothing else may differ. */
const DIFFERENCES: readonly { readonly capture: string; readonly line: RegExp; readonly reason: string }[] = [
  {
    capture: "link",
    line: /^(frame (48|49|50|52|53|55|56|57) eth\.padding:|only tshark eth\.trailer$)/,
    reason: "tshark takes the last three bytes of every LLDP packet for the frame's trailer",
  },
  {
    capture: "errors",
    line: /^frame (99|189) eth\.trailer:/,
    reason: "tshark takes the last three bytes of every LLDP packet for the frame's trailer",
  },
  {
    capture: "app",
    line: /^frame (70|75) udp\.payload:/,
    reason: "tshark says how long the payload is, and then shows all that IP has",
  },
  {
    capture: "errors",
    line: /^frame (48|348) udp\.payload:/,
    reason: "tshark says how long the payload is, and then shows all that IP has",
  },
  {
    capture: "dhcp",
    line: /^frame (13|14) dhcp\.option\.agent_information_option\./,
    reason:
      "tshark reads what follows a vendor's suboption as part of it, and a VPN's type as part of its name",
  },
  {
    capture: "dhcp",
    line: /^frame 19 dhcp\.option\./,
    reason: "tshark gives up at a route that goes on in the next option (RFC 3396), which is right",
  },
  {
    capture: "errors",
    line: /^frame (123|137) tcp\.(seq|ack|ack_raw):/,
    reason: "tshark shows numbers of a cut header only when 16 bytes of it are there; ours are right",
  },
  {
    capture: "cut",
    line: /^frame 25 tcp\.seq:/,
    reason: "tshark shows numbers of a cut header only when 16 bytes of it are there; ours are right",
  },
  {
    capture: "errors",
    line: /^frame (369|370) tcp\.option_kind:/,
    reason: "without its analysis of sequence numbers tshark sees no options behind a SACK",
  },
  {
    capture: "errors",
    line: /^frame 1(77|78|79|80|81|82|86) lldp\./,
    reason: "tshark gives up at an item of the wrong size or in the wrong place; what follows can be read",
  },
  {
    capture: "errors",
    line: /^frame 213 ip\.version:/,
    reason: "tshark tries IPv6 where version 6 stands behind the type of IPv4",
  },
  {
    capture: "errors",
    line: /^frame (294|295|296|298) ipv6\.opt/,
    reason: "tshark reads options beyond the end of their header",
  },
  {
    capture: "cut",
    line: /^frame 62 ipv6\.(hopopts|opt)\./,
    reason: "tshark shows nothing of a hop-by-hop header that was cut; what is there is right",
  },
  {
    capture: "cut",
    line: /^frame (6|13|27|34|48|55) dhcp\./,
    reason: "tshark looks at the options first and shows nothing without them; what is there is right",
  },
  {
    capture: "errors",
    line: /^frame (446|466) dhcp\./,
    reason:
      "tshark looks at the hardware address and the options first and shows nothing when they are broken",
  },
  {
    capture: "errors",
    line: /^frame 447 dhcp\.option\.dhcp:/,
    reason: "tshark takes the first of two bytes for the type, which has one",
  },
  {
    capture: "errors",
    line: /^frame 457 dhcp\.(server|file):/,
    reason: "tshark takes 7 for the options' overload, which RFC 2132 9.3 does not know",
  },
  {
    capture: "errors",
    line: /^frame 463 dhcp\./,
    reason: "tshark reads overloaded options beyond the end of the name's place",
  },
  {
    capture: "errors",
    line: /^frame 423 dns\.hinfo\.cpu_length:/,
    reason: "tshark shows a text's length only together with the text",
  },
  {
    capture: "errors",
    line: /^frame 436 dns\.extraneous\.data:/,
    reason: "tshark reads a text beyond the end of its record",
  },
  {
    capture: "errors",
    line: /^frame (439|440) dns\./,
    reason: "tshark takes what follows a message that is too short for another one",
  },
  {
    capture: "made",
    line: /^only tshark data\.(data|len)$/,
    reason: "tshark calls the body of a type of OSPF that nobody knows data; here it is the packet's body",
  },
];

/** A line of what compareFields finds, or "only tshark NAME". */
export function knownDifference(capture: string, line: string): boolean {
  return DIFFERENCES.some((known) => known.capture === capture && known.line.test(line));
}

/** Queries that see what Parley's own networks say, which is data to tshark. */
export const SEES_OUR_NETWORKS: ReadonlySet<string> = new Set(["data"]);

/** Queries that select some other frames, all of errors.pcap and cut.pcap but one, and how many at most. */
export const KNOWN_SELECTIONS: ReadonlyMap<string, number> = new Map([
  // tshark tries IPv6 where version 6 stands behind the type of IPv4.
  ["ipv6", 2],
  // tshark names a header of which not a byte is there.
  ["icmpv6", 1],
  // The bytes of a header that is none are still the packet's.
  ["ip[8] == 40", 3],
  // tshark takes every UDP length of 0 in IPv6 for a jumbogram's; and an OSPF type's body that nobody knows is OSPF's.
  ["udp.checksum == 0", 1],
  ["data", 2],
  // tshark reads addresses of records whose length is another one.
  ["dns.a", 1],
  ["dns.aaaa == 2001:db8::/32", 1],
  // tshark takes what follows a message that is too short for another one.
  ["dns", 1],
  ["dns.count.answers > 1", 2],
  // tshark looks at the options first and shows nothing without them.
  ["dhcp", 5],
  ["dhcp.type == 2", 3],
  ["dhcp.ip.your == 192.0.2.0/24", 1],
  // tshark takes the first of two bytes for the type, which has one.
  ["dhcp.option.dhcp == 1", 1],
]);

/** Whether a name that only tshark has lies in the bytes: not what it resolves, follows, judges or sums up. */
export function isOursToShow(name: string): boolean {
  return !NOT_IN_THE_BYTES.some((pattern) => pattern.test(name));
}

const NOT_IN_THE_BYTES: readonly RegExp[] = [
  // Names of addresses and vendors.
  /_resolved$/,
  /(^|\.)(\w+_)?host$/,
  // What other packets tell: connections, requests and answers, windows that an option of an earlier packet scales.
  /\.(stream|completeness|analysis|connection|pdu)\b/,
  /\.(time|time_delta|time_relative|resptime)$/,
  /\.(resp|response)_to$|\.retransmi|\.unsolicited$/,
  /^tcp\.(nxtseq|window_size|window_size_scalefactor)$/,
  // What tshark thinks of checksums, lengths and values: expert infos have no bytes of their own.
  /\.status$|checksum_bad/,
  /\.expert$|\.(undecoded|unknown_type|deprecated)\b|_(deprecated|bad|missing)$|\.absent$|\.invalid$/,
  /^ip\.(nop|ttl\.(too_small|lncb))$/,
  /^ipv6\.opt\.jumbo\.(prohibited|truncated)$/,
  /^tcp\.urgent_pointer\.non_zero$/,
  /^udp\.(checksum\.zero|length\.bad)$/,
  /^dhcp\.(\w+_overloaded_by_dhcp|client_address_not_given|option\.nonstd_data)$/,
  // A line for people, made of several fields.
  /^(tcp\.flags\.str|ntp\.priv\.mode7\.item)$/,
];
