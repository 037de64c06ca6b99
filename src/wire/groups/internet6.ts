import type { Message } from "#packet/message.ts";
import { AuthenticationHeader } from "#wire/ah.ts";
import { Icmpv6 } from "#wire/icmpv6.ts";
import { DestinationOptions, FragmentHeader, HopByHopOptions, RoutingHeader } from "#wire/ipv6-extension.ts";
import { Ipv6 } from "#wire/ipv6.ts";

/** The Internet Protocol version 6 and what belongs to it alone. */
export const internet6Protocols: readonly Message[] = [
  Ipv6,
  HopByHopOptions,
  DestinationOptions,
  RoutingHeader,
  FragmentHeader,
  AuthenticationHeader,
  Icmpv6,
];
