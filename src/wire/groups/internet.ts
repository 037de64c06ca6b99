import type { Message } from "#packet/message.ts";
import { EncapsulatingSecurityPayload } from "#wire/esp.ts";
import { Gre } from "#wire/gre.ts";
import { Icmp } from "#wire/icmp.ts";
import { Igmp } from "#wire/igmp.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { Tcp, TcpReset } from "#wire/tcp.ts";
import { Udp } from "#wire/udp.ts";
import { Vxlan } from "#wire/vxlan.ts";

/** The Internet Protocol version 4, what it carries, and tunnels. */
export const internetProtocols: readonly Message[] = [
  Ipv4,
  Icmp,
  Igmp,
  Udp,
  Tcp,
  TcpReset,
  EncapsulatingSecurityPayload,
  Gre,
  Vxlan,
];
