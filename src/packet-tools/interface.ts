import type { BpfProgram } from "#base/bpf.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { Link } from "#host/links.ts";
import type { PacketSockets } from "#host/packet-sockets.ts";
import { formatAddress } from "#base/address.ts";
import { hexText } from "#packet/primitive.ts";
import { systemClock } from "#system/clock.ts";
import { systemPacketSockets } from "#system/linux-ports.ts";

/** Packet sockets of this machine; to open one throws OperatorError where there are none. */
export function packetSockets(): PacketSockets {
  return systemPacketSockets();
}

/** An interface by its name. Throws OperatorError with those that there are. */
export async function interfaceNamed(name: string): Promise<Link> {
  const { systemLinks } = await import("#system/links.ts");
  const monitor = await systemLinks().watch(() => {});
  try {
    const links = monitor.links();
    const found = links.find((link) => link.name === name);
    if (found) return found;
    const names = links.map((link) => link.name).join(", ");
    throw new OperatorError(`there is no interface ${name}`, `this machine has ${names}`);
  } finally {
    monitor.close();
  }
}

/** Throws OperatorError for an interface that is down: it takes no packets. */
export function upOrError({ name, up }: Link): void {
  if (!up) throw new OperatorError(`the interface ${name} is down`, `ip link set ${name} up`);
}

/** What packets from an interface start with: its addresses, as far as it has them. */
export function ownAddresses({ hardwareAddress, addresses }: Link): {
  readonly mac?: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
} {
  const first = (size: number): string | undefined => {
    const found = addresses.find(({ address }) => address.bytes.length === size);
    return found && formatAddress({ bytes: found.address.bytes });
  };
  const [ipv4, ipv6] = [first(4), first(16)];
  return {
    ...(hardwareAddress.length === 6 && { mac: hexText(hardwareAddress, 0, 6, ":") }),
    ...(ipv4 !== undefined && { ipv4 }),
    ...(ipv6 !== undefined && { ipv6 }),
  };
}

/** Calls back after so many seconds, however many they are; what it returns calls it off. */
export function afterSeconds(seconds: number, run: () => void): () => void {
  const clock = systemClock();
  return clock.at(clock.now() + seconds * 1_000, run);
}

/** Resolves when the process is asked to end. */
export function whenAskedToEnd(): { readonly asked: Promise<void>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  for (const signal of SIGNALS) process.on(signal, end);
  return {
    asked: promise,
    stop: () => {
      for (const signal of SIGNALS) process.off(signal, end);
    },
  };
}

/** A filter that lets nothing through. */
export const NOTHING: BpfProgram = [{ code: 0x06, jt: 0, jf: 0, k: 0 }];

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
