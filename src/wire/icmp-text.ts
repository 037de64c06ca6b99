/** What a code means, by type. RFC 792, 1122, 1812, 8335 and IANA's registry. */
const CODES: Readonly<Record<number, readonly string[]>> = {
  3: [
    "network unreachable",
    "host unreachable",
    "protocol unreachable",
    "port unreachable",
    "fragmentation needed",
    "source route failed",
    "network unknown",
    "host unknown",
    "source host isolated",
    "network administratively prohibited",
    "host administratively prohibited",
    "network unreachable for this service",
    "host unreachable for this service",
    "communication administratively prohibited",
    "host precedence violation",
    "precedence cutoff",
  ],
  5: ["for the network", "for the host", "for the service and network", "for the service and host"],
  11: ["TTL exceeded in transit", "fragment reassembly time exceeded"],
  12: ["erroneous header", "required option missing", "bad length"],
  43: ["no error", "malformed query", "no such interface", "no such table entry", "several interfaces"],
};

/** A mobility agent that forwards for nobody else. RFC 5944 2.1. */
const MOBILE_ONLY = 16;

interface Values {
  readonly type: number;
  readonly code: number;
  readonly identifier: number | undefined;
  readonly sequence: number | undefined;
  readonly extendedSequence: number | undefined;
  readonly addressMask: string | undefined;
  readonly gateway: string | undefined;
  readonly pointer: number | undefined;
  readonly mtu: number | undefined;
  readonly addresses: readonly { readonly address: string }[] | undefined;
  readonly mobility: readonly unknown[] | undefined;
  readonly lifetime: number | undefined;
}

/** A message in a line: "echo request, id 12, seq 3", "destination unreachable, fragmentation needed, MTU 1400". */
export function icmpText(values: Values, name: string | undefined): string {
  const { type, code, identifier, sequence = values.extendedSequence, addresses, lifetime } = values;
  if (name === undefined) return `type ${type}, code ${code}`;
  const parts = [name.charAt(0).toLowerCase() + name.slice(1)];
  const reason = type === 9 && code === MOBILE_ONLY ? "only for mobile nodes" : CODES[type]?.[code];
  if (type === 5 && reason !== undefined) parts[0] += ` ${reason}`;
  else if (reason !== undefined) parts.push(reason);
  else if (code > 0) parts.push(`code ${code}`);
  if (identifier !== undefined) parts.push(`id ${identifier}`);
  if (sequence !== undefined) parts.push(`seq ${sequence}`);
  if (values.addressMask !== undefined) parts.push(`mask ${values.addressMask}`);
  if (values.gateway !== undefined) parts.push(`gateway ${values.gateway}`);
  if (values.pointer !== undefined && code === 0) parts.push(`byte ${values.pointer}`);
  if (values.mtu !== undefined) parts.push(`MTU ${values.mtu}`);
  if (addresses) parts.push(...addresses.map(({ address }) => address));
  if (values.mobility && values.mobility.length > 0) parts.push("mobility agent");
  if (lifetime !== undefined) parts.push(`lifetime ${lifetime} s`);
  return parts.join(", ");
}
