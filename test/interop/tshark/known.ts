interface Difference {
  readonly reason: string;
  /** By capture: lines of what compareFields finds, or "only tshark NAME". */
  readonly lines: Readonly<Record<string, RegExp>>;
}

/** Where we differ from tshark 4.0 and mean to: each with its reason. Nothing else may differ. */
const DIFFERENCES: readonly Difference[] = [
  {
    reason:
      "tshark ends an LLDP packet one byte before its end item, so that these three bytes become a trailer",
    lines: {
      link: /^(frame (48|49|50|52|53|55|56|57) eth\.padding:|only tshark eth\.trailer$)/,
      errors: /^frame (99|189) eth\.trailer:/,
    },
  },
  {
    reason:
      "tshark reads a vendor's suboption to the end of the option, and the byte with a VPN's type as part of its name",
    lines: { dhcp: /^frame (13|14) dhcp\.option\.agent_information_option\./ },
  },
  {
    reason: "tshark does not join the two parts of an option (RFC 3396) and gives up behind the first",
    lines: { dhcp: /^frame 19 dhcp\.option\./ },
  },
  {
    reason:
      "tshark reads 16 bytes of a TCP header before it shows any number of it; ours are there and right",
    lines: { errors: /^frame (123|137) tcp\.(seq|ack|ack_raw):/, cut: /^frame 25 tcp\.seq:/ },
  },
  {
    reason: "without its analysis of sequence numbers tshark sees no options behind a SACK of a wrong size",
    lines: { errors: /^frame (369|370) tcp\.option_kind:/ },
  },
  {
    reason: "tshark gives up at an item of the wrong size or in the wrong place; what follows can be read",
    lines: { errors: /^frame 1(77|78|79|80|81|82|86) lldp\./ },
  },
  {
    reason: "tshark tries IPv6 where version 6 stands behind the type of IPv4",
    lines: { errors: /^frame 213 ip\.version:/ },
  },
  {
    reason: "tshark reads options beyond the end of their header",
    lines: { errors: /^frame (294|295|296|298) ipv6\.opt/ },
  },
  {
    reason:
      "tshark looks at the hardware address and all options before it shows a field, and shows none when they are cut or broken; here everything is shown that is there",
    lines: { cut: /^frame (6|13|27|34|48|55) dhcp\./, errors: /^frame (446|466) dhcp\./ },
  },
  {
    reason: "tshark takes the first of two bytes for the type, which has one",
    lines: { errors: /^frame 447 dhcp\.option\.dhcp:/ },
  },
  {
    reason: "tshark reads overloaded options beyond the end of the name's place",
    lines: { errors: /^frame 463 dhcp\./ },
  },
  {
    reason: "tshark shows a text's length only together with the text",
    lines: { errors: /^frame 423 dns\.hinfo\.cpu_length:/ },
  },
  {
    reason: "tshark reads a text beyond the end of its record",
    lines: { errors: /^frame 436 dns\.extraneous\.(data|length):/ },
  },
];

/** A line of what compareFields finds, or "only tshark NAME". */
export function knownDifference(capture: string, line: string): boolean {
  return DIFFERENCES.some(({ lines }) => lines[capture]?.test(line) ?? false);
}

/** Queries that see what Parley's own networks say, which is data to tshark. */
export const SEES_OUR_NETWORKS: ReadonlySet<string> = new Set(["data"]);

/** Queries that select some other frames, all of errors.pcap and cut.pcap but one, and how many at most. */
export const KNOWN_SELECTIONS: ReadonlyMap<string, number> = new Map([
  // tshark tries IPv6 where version 6 stands behind the type of IPv4.
  ["ipv6", 2],
  // tshark names an ICMPv6 header of which not a byte is there.
  ["icmpv6", 1],
  // tshark 4.0 cuts a protocol's slices where its header ends (Wireshark issue 19492, mended since), and of a broken one
  // at once; here they reach to the packet's end.
  ["ip[8] == 40", 3],
  // tshark takes every UDP length of 0 in IPv6 for a jumbogram's, however short it is.
  ["udp.checksum == 0", 1],
  ["udp.payload[0:30] < 00:00", 1],
  // tshark shows words of its own in the place of a question's name that loops or is too long.
  ['dns.qry.name[0:2] > "m"', 5],
  ["data", 1],
  // tshark reads addresses of records whose length is another one.
  ["dns.a", 1],
  ["dns.aaaa == 2001:db8::/32", 1],
  // tshark looks at the hardware address and the options first and shows nothing without them.
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
  /^dns\.extraneous$/,
  /^udp\.(checksum\.zero|length\.bad)$/,
  /^dhcp\.(\w+_overloaded_by_dhcp|client_address_not_given|option\.nonstd_data)$/,
  // A line for people, made of several fields.
  /^(tcp\.flags\.str|ntp\.priv\.mode7\.item)$/,
];
