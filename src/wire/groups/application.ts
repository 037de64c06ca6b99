import type { Message } from "#packet/message.ts";
import { Bfd, BfdEcho } from "#wire/bfd.ts";
import { Dhcp } from "#wire/dhcp.ts";
import { Dns, DnsLength } from "#wire/dns.ts";
import { Mdns } from "#wire/mdns.ts";
import { Ntp } from "#wire/ntp.ts";

/** What runs over UDP and TCP. */
export const applicationProtocols: readonly Message[] = [Dns, DnsLength, Mdns, Dhcp, Ntp, Bfd, BfdEcho];
