import type { Message } from "#packet/message.ts";
import { Ospf } from "#wire/ospf/ospf.ts";

/** Routing protocols. */
export const routingProtocols: readonly Message[] = [Ospf];
