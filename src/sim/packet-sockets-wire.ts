import type { Machine, Network } from "#sim/network.ts";

/** Where an interface of a simulated machine is connected to a link. */
export interface WirePort {
  readonly machine: Machine;
  /** Whether packets can come and go. */
  isUp(): boolean;
  /** An Ethernet frame, which is the port's own to keep. */
  received(frame: Uint8Array): void;
  /** The MAC address, if that IPv4 address is the port's. */
  hardwareAddressOf(address: Uint8Array): Uint8Array | undefined;
}

/** The links between the machines of a simulated network, by name: what one port sends, every other one gets. */
export type Wires = Map<string, Set<WirePort>>;

/** Sends a frame to the others on a link. */
export function transmit(network: Network, link: string, from: WirePort, frame: Uint8Array): void {
  const copy = frame.slice();
  for (const port of network.wires.get(link) ?? []) {
    if (port !== from) carry(network, from.machine, port, copy, () => network.wires.get(link)!.has(port));
  }
}

/** Takes a frame to one port through loss, duplication and reordering, as datagrams; nothing may change it afterwards. */
export function carry(
  network: Network,
  source: Machine,
  port: WirePort,
  frame: Uint8Array,
  isConnected: () => boolean,
): void {
  const { faults, scheduler } = network;
  if (network.chance(faults.loss)) return;
  const copies = network.chance(faults.duplicate) ? 2 : 1;
  for (let i = 0; i < copies; i++) {
    const held = network.chance(faults.reorder) ? 3 * faults.latencyMs[1] : 0;
    scheduler.at(scheduler.now + network.delay() + held, () => {
      if (!network.reachable(source, port.machine) || port.machine.paused) return;
      if (port.isUp() && isConnected()) port.received(frame.slice());
    });
  }
}

/** Connects a port, to this link only; undefined: to none. */
export function connect(wires: Wires, port: WirePort, link: string | undefined): void {
  for (const ports of wires.values()) ports.delete(port);
  if (link === undefined) return;
  const ports = wires.get(link) ?? new Set();
  wires.set(link, ports.add(port));
}
