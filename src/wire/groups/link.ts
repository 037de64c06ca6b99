import type { Message } from "#packet/message.ts";
import { Arp } from "#wire/arp.ts";
import { Cooked, Cooked2 } from "#wire/cooked.ts";
import { EthernetLoopback } from "#wire/ethernet-loopback.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Llc, LlcExchange } from "#wire/llc.ts";
import { Lldp } from "#wire/lldp.ts";
import { LoopbackLink, NullLink } from "#wire/null-link.ts";
import { RawLink } from "#wire/raw-link.ts";
import { PvstStp, Stp } from "#wire/stp.ts";
import { ServiceVlan, Vlan } from "#wire/vlan.ts";

/** What frames are made of, and what speaks on one link only. */
export const linkProtocols: readonly Message[] = [
  Ethernet,
  Vlan,
  ServiceVlan,
  Llc,
  LlcExchange,
  Arp,
  EthernetLoopback,
  Lldp,
  Stp,
  PvstStp,
  Cooked,
  Cooked2,
  NullLink,
  LoopbackLink,
  RawLink,
];
