import type { Address } from "#base/address.ts";
import type { Endpoint } from "#base/endpoint.ts";
import type { RawIpPacket } from "#host/raw-ip.ts";

/**
 * The words that every core and its surroundings share. A core adds its own commands to the inputs and wraps its own
 * events in `{ type: "event", event }`; everything else is carried out by the one Runner. All of it is plain data
 * (bytes as Uint8Array), so it can be printed, recorded, compared and replayed.
 *
 * Connections have numbers: a core names those it dials 1, 2, 3, …; those that were accepted come as -1, -2, -3, ….
 * A number is never used again. After `closed` has been told, or `close` has been said, it is gone for both sides.
 */
export type ConnectionId = number;

/** What the world tells a core. */
export type WorldInput =
  | { readonly type: "wake" }
  | { readonly type: "datagram"; readonly from: Endpoint; readonly data: Uint8Array }
  /** Somebody dialled us. */
  | { readonly type: "accepted"; readonly connection: ConnectionId; readonly from: Endpoint }
  /** Our dial succeeded; `to` is the address that answered, also where a host name was dialled. */
  | { readonly type: "connected"; readonly connection: ConnectionId; readonly to: Endpoint }
  | { readonly type: "data"; readonly connection: ConnectionId; readonly data: Uint8Array }
  /** Everything written so far has left for the network; a core that bounds its memory writes again only now. */
  | { readonly type: "writable"; readonly connection: ConnectionId }
  /** The connection ended: by the other side (no `error`), or because a dial or the connection failed. */
  | { readonly type: "closed"; readonly connection: ConnectionId; readonly error?: string }
  /** A packet of the core's own IP protocol, from its IPv4 header on. */
  | { readonly type: "raw-ip"; readonly interface: string; readonly packet: Uint8Array }
  /** What `raw-ip-open` asked for is there. */
  | { readonly type: "raw-ip-opened"; readonly interface: string }
  /** It is not to be had, or has failed; it is closed. */
  | { readonly type: "raw-ip-failed"; readonly interface: string; readonly error: string }
  /** The system did not take a packet: its word for why. */
  | { readonly type: "raw-ip-refused"; readonly interface: string; readonly error: string };

/** What a core asks of the world; `Event` is the core's own. */
export type WorldOutput<Event> =
  | { readonly type: "datagram"; readonly to: Endpoint; readonly data: Uint8Array }
  | { readonly type: "dial"; readonly connection: ConnectionId; readonly to: Endpoint }
  | { readonly type: "write"; readonly connection: ConnectionId; readonly data: Uint8Array }
  /** Ends the connection once what was written has left; nothing more is told of it. */
  | { readonly type: "close"; readonly connection: ConnectionId }
  /** Packets of the core's own IP protocol are wanted from an interface. */
  | { readonly type: "raw-ip-open"; readonly interface: string }
  | { readonly type: "raw-ip-close"; readonly interface: string }
  | { readonly type: "raw-ip-join" | "raw-ip-leave"; readonly interface: string; readonly group: Address }
  | { readonly type: "raw-ip"; readonly interface: string; readonly packet: RawIpPacket }
  | { readonly type: "event"; readonly event: Event };
