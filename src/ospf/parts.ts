import type { Adjacencies } from "#ospf/adjacencies.ts";
import type { Exchange } from "#ospf/exchange.ts";
import type { Flooding } from "#ospf/flooding.ts";
import type { Hellos } from "#ospf/hellos.ts";
import type { Interfaces } from "#ospf/interfaces.ts";
import type { Originator } from "#ospf/originator.ts";
import type { Retransmission } from "#ospf/retransmission.ts";
import type { Routing } from "#ospf/routing.ts";
import type { Sender } from "#ospf/sender.ts";

/** The parts of one router, which work on the same tables and call each other. */
export interface Parts {
  readonly sender: Sender;
  readonly interfaces: Interfaces;
  readonly hellos: Hellos;
  readonly adjacencies: Adjacencies;
  readonly exchange: Exchange;
  readonly flooding: Flooding;
  readonly retransmission: Retransmission;
  readonly originator: Originator;
  readonly routing: Routing;
}
