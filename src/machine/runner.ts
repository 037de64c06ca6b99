import type { Endpoint } from "#base/endpoint.ts";
import { explain } from "#base/operator-error.ts";
import type { Clock } from "#host/clock.ts";
import type { DatagramSocket } from "#host/datagrams.ts";
import type { RawIp, RawIpSocket } from "#host/raw-ip.ts";
import type { Stream, StreamHandlers, Streams } from "#host/streams.ts";
import { Alarm } from "#machine/alarm.ts";
import type { Core } from "#machine/core.ts";
import type { ConnectionId, WorldInput, WorldOutput } from "#machine/io.ts";

/** What a Runner needs of its host, and whom it tells. */
export interface RunnerSurroundings<Input, Event> {
  readonly clock: Clock;
  readonly streams: Pick<Streams, "dial">;
  /** For cores with an IP protocol of their own. */
  readonly rawIp?: { readonly port: Pick<RawIp, "open">; readonly protocol: number };
  /** The core's own events. */
  readonly event: (event: Event) => void;
  /** The core threw: a broken invariant. The runner has stopped; connections are closed. */
  readonly failed: (error: unknown) => void;
  /** Sees every step, for recording and traces. */
  readonly observe?: (now: number, input: Input, outputs: readonly WorldOutput<Event>[]) => void;
}

/**
 * Connects one core to ports: the same for a real machine and for the simulator, and without a word about any protocol.
 * Inputs are handled one after the other, each to its end; what an output causes at once waits its turn.
 */
export class Runner<Command, Event> {
  readonly #core: Core<Command | WorldInput, WorldOutput<Event>>;
  readonly #around: RunnerSurroundings<Command | WorldInput, Event>;
  readonly #alarm: Alarm;
  readonly #streams = new Map<ConnectionId, Stream>();
  readonly #rawIp = new Map<string, RawIpOpening>();
  readonly #waiting: (Command | WorldInput)[] = [];
  #accepted = 0;
  #busy = false;
  #stopped = false;
  #socket: DatagramSocket | undefined;

  constructor(
    core: Core<Command | WorldInput, WorldOutput<Event>>,
    around: RunnerSurroundings<Command | WorldInput, Event>,
  ) {
    this.#core = core;
    this.#around = around;
    this.#alarm = new Alarm(around.clock, () => this.push({ type: "wake" }));
    this.#alarm.set(core.wakeAt);
  }

  /** Gives the core an input now. Ignored once stopped. */
  push(input: Command | WorldInput): void {
    if (this.#stopped) return;
    this.#waiting.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      // Indexed, not shifted: a core may cause many inputs in one step.
      for (let i = 0; i < this.#waiting.length && !this.#stopped; i++) this.#step(this.#waiting[i]!);
    } catch (error) {
      this.stop();
      this.#around.failed(error);
    } finally {
      this.#waiting.length = 0;
      this.#busy = false;
    }
    if (!this.#stopped) this.#alarm.set(this.#core.wakeAt);
  }

  /** A listener's new stream; the answer is what the stream tells. */
  accept(stream: Stream): StreamHandlers {
    const connection = -++this.#accepted;
    if (this.#stopped) {
      stream.close();
      return this.#handlers(connection);
    }
    this.#streams.set(connection, stream);
    this.push({ type: "accepted", connection, from: stream.remote });
    return this.#handlers(connection);
  }

  /** The socket through which the core's datagrams leave; it stays the caller's to close. */
  attach(socket: DatagramSocket): void {
    this.#socket = socket;
  }

  /** Tells the core of a datagram. */
  datagram(from: Endpoint, data: Uint8Array): void {
    this.push({ type: "datagram", from, data });
  }

  /** Closes every connection; the core hears nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#alarm.set(Infinity);
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
    for (const name of [...this.#rawIp.keys()]) this.#closeRawIp(name);
  }

  #step(input: Command | WorldInput): void {
    const now = this.#around.clock.now();
    const outputs = this.#core.handle(input, now);
    this.#around.observe?.(now, input, outputs);
    for (const output of outputs) this.#carryOut(output);
  }

  #carryOut(output: WorldOutput<Event>): void {
    switch (output.type) {
      case "write":
        return this.#streams.get(output.connection)?.write(output.data);
      case "datagram":
        return this.#socket?.send(output.to, output.data);
      case "dial": {
        const { connection } = output;
        this.#streams.set(connection, this.#around.streams.dial(output.to, this.#handlers(connection)));
        return;
      }
      case "close":
        this.#streams.get(output.connection)?.close();
        this.#streams.delete(output.connection);
        return;
      case "event":
        return this.#around.event(output.event);
      case "raw-ip-open":
        return this.#openRawIp(output.interface);
      case "raw-ip-close":
        return this.#closeRawIp(output.interface);
      case "raw-ip-join":
        return this.#rawIp.get(output.interface)?.socket?.join(output.group);
      case "raw-ip-leave":
        return this.#rawIp.get(output.interface)?.socket?.leave(output.group);
      case "raw-ip": {
        const error = this.#rawIp.get(output.interface)?.socket?.send(output.packet);
        if (error !== undefined) this.push({ type: "raw-ip-refused", interface: output.interface, error });
        return;
      }
    }
  }

  #openRawIp(name: string): void {
    const { rawIp } = this.#around;
    if (!rawIp) throw new Error("a core with an IP protocol of its own, and a host without raw IP");
    this.#closeRawIp(name);
    // Another opening may follow before this one has come to its end.
    const opening: RawIpOpening = { socket: undefined };
    const isThis = () => this.#rawIp.get(name) === opening;
    const fail = (error: unknown) => {
      if (!isThis()) return;
      this.#rawIp.delete(name);
      this.push({ type: "raw-ip-failed", interface: name, error: explain(error) });
    };
    this.#rawIp.set(name, opening);
    const received = (packet: Uint8Array) => {
      if (isThis()) this.push({ type: "raw-ip", interface: name, packet: packet.slice() });
    };
    void rawIp.port
      .open({ protocol: rawIp.protocol, interface: name }, { received, failed: fail })
      .then((socket) => {
        if (!isThis()) return socket.close();
        opening.socket = socket;
        this.push({ type: "raw-ip-opened", interface: name });
      }, fail);
  }

  #closeRawIp(name: string): void {
    this.#rawIp.get(name)?.socket?.close();
    this.#rawIp.delete(name);
  }

  #handlers(connection: ConnectionId): StreamHandlers {
    // A stream that was closed here may still have something on its way; the core must not hear it.
    const tell = (input: WorldInput): void => {
      if (this.#streams.has(connection)) this.push(input);
    };
    return {
      connected: () => {
        const to = this.#streams.get(connection)?.remote;
        if (to) tell({ type: "connected", connection, to });
      },
      data: (data) => tell({ type: "data", connection, data }),
      writable: () => tell({ type: "writable", connection }),
      closed: (error) => {
        tell(error === undefined ? { type: "closed", connection } : { type: "closed", connection, error });
        this.#streams.delete(connection);
      },
    };
  }
}

/** A raw socket that is wanted; there once it was opened. */
interface RawIpOpening {
  socket: RawIpSocket | undefined;
}
