import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "#host/host.ts";
import type { PacketSocket, PacketSocketOptions, ReceivedPacket } from "#host/packet-sockets.ts";
import { World } from "#sim/world.ts";

/** Two interfaces that a cable connects, on machines that may be the same. */
export interface PacketPlace {
  readonly a: PacketMachine;
  readonly b: PacketMachine;
  until(done: () => boolean, what: string): Promise<void>;
  pass(durationMs: number): Promise<void>;
  /** Takes the interface of a away. */
  removeA(): void;
}

export interface PacketMachine {
  readonly host: Host;
  readonly interface: string;
}

export function simulatedPacketPlace(): PacketPlace {
  const world = new World({ seed: 1, latencyMs: [0.5, 0.5] });
  const [a, b] = [world.addHost("10.0.0.1"), world.addHost("10.0.0.2")];
  return {
    a: { host: a, interface: "eth0" },
    b: { host: b, interface: "eth0" },
    until: async (done, what) => {
      for (let passed = 0; !done(); passed++) {
        assert.ok(passed < 5_000, `never came: ${what}`);
        world.run(1);
        await sleep(0);
      }
    },
    pass: async (durationMs) => {
      world.run(durationMs);
      await sleep(0);
    },
    removeA: () => a.links.remove(2),
  };
}

export type Mode = PacketSocketOptions["mode"];

export interface Kept {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly outgoing: boolean;
  readonly timeMs: number;
}

/** A socket that keeps what comes. */
export class Box {
  readonly kept: Kept[] = [];
  readonly errors: Error[] = [];
  /** Called for each packet, after it is kept. */
  after: () => void = () => {};
  socket!: PacketSocket;

  static async open(
    { host, interface: name }: PacketMachine,
    mode: Mode,
    options: Partial<PacketSocketOptions> = {},
  ): Promise<Box> {
    const box = new Box();
    const keep = (packet: ReceivedPacket): void => {
      const { bytes, start, stop, originalLength: length, outgoing, seconds, nanoseconds } = packet;
      const timeMs = seconds * 1_000 + nanoseconds / 1_000_000;
      box.kept.push({ bytes: bytes.slice(start, stop), length, outgoing, timeMs });
      box.after();
    };
    const failed = (error: Error): void => void box.errors.push(error);
    box.socket = await host.packetSockets.open(
      { interface: name, mode, ...options },
      { received: keep, failed },
    );
    return box;
  }

  /** The last byte of each. */
  get marks(): (number | undefined)[] {
    return this.kept.map(({ bytes }) => bytes.at(-1));
  }
}

/** An Ethernet frame of 60 bytes that ends with a mark; a broadcast of a type for experiments if nothing else is said. */
export function frame(
  mark: number,
  type = 0x88b5,
  to: Iterable<number> = new Uint8Array(6).fill(255),
): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set([...to, 2, 0, 0, 0, 0, 9, type >> 8, type & 255]);
  bytes[59] = mark;
  return bytes;
}

export async function hardwareAddress({ host, interface: name }: PacketMachine): Promise<Uint8Array> {
  const monitor = await host.links.watch(() => {});
  const address = monitor.links().find((link) => link.name === name)!.hardwareAddress;
  monitor.close();
  return address;
}
