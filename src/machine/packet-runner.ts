import type { Clock } from "#host/clock.ts";
import type { PacketHandlers, PacketSocket, ReceivedPacket } from "#host/packet-sockets.ts";
import { Alarm } from "#machine/alarm.ts";

/** A core that thinks in whole packets: a responder, a machine whose transitions are packets. */
export interface PacketCore<Output> {
  handle(input: PacketCoreInput, now: number): readonly (Output | PacketCoreSend)[];
  readonly wakeAt: number;
}

export type PacketCoreInput =
  | { readonly type: "start" }
  | { readonly type: "wake" }
  | {
      readonly type: "packet";
      readonly bytes: Uint8Array;
      readonly start: number;
      readonly stop: number;
      readonly frame: {
        readonly number: number;
        readonly seconds: number;
        readonly nanoseconds: number;
        readonly length: number;
        readonly capturedLength: number;
      };
    };

export interface PacketCoreSend {
  readonly type: "send";
  readonly bytes: Uint8Array;
}

/**
 * Connects such a core to a packet socket: the same on a real interface and in the simulator. What it sends leaves at
 * once; everything else that it says is told.
 */
export class PacketRunner<Output extends { readonly type: string }> {
  readonly #core: PacketCore<Output>;
  readonly #clock: Clock;
  readonly #tell: (output: Output) => void;
  readonly #alarm: Alarm;
  #socket: Pick<PacketSocket, "send"> | undefined;
  #number = 0;
  #isLate = false;
  #stopped = false;
  /** Packets that the kernel did not take. */
  unsent = 0;

  constructor(core: PacketCore<Output>, clock: Clock, tell: (output: Output) => void) {
    this.#core = core;
    this.#clock = clock;
    this.#tell = tell;
    this.#alarm = new Alarm(clock, () => this.#wake());
  }

  /** What the socket tells. */
  handlers(failed: (error: Error) => void): PacketHandlers {
    return { received: (packet) => this.#received(packet), failed };
  }

  /** Begins; the socket stays the caller's to close. */
  start(socket: Pick<PacketSocket, "send">): void {
    this.#socket = socket;
    this.#step({ type: "start" });
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm.set(Infinity);
  }

  #received(packet: ReceivedPacket): void {
    if (this.#stopped || !this.#socket) return;
    const { bytes, start, stop, originalLength, seconds, nanoseconds } = packet;
    const capturedLength = stop - start;
    const frame = { number: ++this.#number, seconds, nanoseconds, length: originalLength, capturedLength };
    this.#step({ type: "packet", bytes, start, stop, frame });
  }

  /** Where this machine was busy, what came in time still waits in the socket: it is read before a second ring. */
  #wake(): void {
    const now = this.#clock.now();
    this.#isLate = !this.#isLate && now > this.#core.wakeAt + LATE_MS;
    if (this.#isLate) this.#alarm.set(now);
    else this.#step({ type: "wake" });
  }

  #step(input: PacketCoreInput): void {
    const packets: Uint8Array[] = [];
    const told: Output[] = [];
    for (const output of this.#core.handle(input, this.#clock.now()))
      if (output.type === "send") packets.push((output as PacketCoreSend).bytes);
      else told.push(output as Output);
    if (packets.length > 0) this.unsent += packets.length - this.#socket!.send(packets);
    if (!this.#stopped) this.#alarm.set(this.#core.wakeAt);
    for (const output of told) this.#tell(output);
  }
}

/** Timers are one or two late as a rule. */
const LATE_MS = 5;
