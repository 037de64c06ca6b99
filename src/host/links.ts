import type { Address } from "#base/address.ts";

/** An address of this machine and the interface that carries it. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: Address;
}

/** The machine's network interfaces. */
export interface Links {
  /** Addresses of all interfaces that are up, in the order the system lists them. */
  addresses(): readonly InterfaceAddress[];
}
