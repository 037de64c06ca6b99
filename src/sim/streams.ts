import type { Endpoint } from "#base/endpoint.ts";
import type { Stream, StreamHandlers } from "#host/streams.ts";
import type { Machine, Network } from "#sim/network.ts";

/** One end of a simulated TCP connection. */
export class SimStream implements Stream {
  readonly remote: Endpoint;
  readonly #network: Network;
  readonly #machine: Machine;
  #handlers: StreamHandlers | undefined;
  #peer: SimStream | undefined;
  /** On their way to the peer, in order; the last one may be the end of the stream. */
  #segments: Segment[] = [];
  #pumping = false;
  /** Since when nothing gets through. */
  #blockedSince: number | undefined;
  #open = true;

  constructor(network: Network, machine: Machine, remote: Endpoint) {
    this.#network = network;
    this.#machine = machine;
    this.remote = remote;
    machine.streams.add(this);
  }

  /** Dials from `machine`; see Streams.dial. */
  static dial(network: Network, machine: Machine, to: Endpoint, handlers: StreamHandlers): SimStream {
    const port = network.freePort(machine);
    const stream = new SimStream(network, machine, to);
    stream.#handlers = handlers;
    stream.#knock({ host: machine.host, port }, network.scheduler.now, RETRANSMIT_MS);
    return stream;
  }

  write(data: Uint8Array): void {
    if (!this.#open) return;
    const pieces = this.#network.chance(this.#network.faults.cut) ? 1 + this.#network.random.below(3) : 0;
    let start = 0;
    for (let piece = 0; piece < pieces && start + 1 < data.length; piece++) {
      const end = start + 1 + this.#network.random.below(data.length - start - 1);
      this.#send(data.slice(start, end));
      start = end;
    }
    // Not copied: what was written is nobody's to change, as with the bytes of a real socket.
    this.#send(start === 0 ? data : data.slice(start));
  }

  close(): void {
    if (!this.#open) return;
    this.#shut();
    this.#send(undefined);
  }

  /** The process died: the other side gets a reset, if it can be reached. */
  reset(): void {
    if (!this.#open) return;
    this.#shut();
    this.#segments = [];
    const peer = this.#peer;
    if (!peer) return;
    this.#network.scheduler.at(this.#network.scheduler.now + this.#network.delay(), () => {
      if (this.#network.reachable(this.#machine, peer.#machine)) peer.#end("ECONNRESET");
      else
        this.#network.scheduler.at(this.#network.scheduler.now + KEEPALIVE_MS, () => peer.#end("ETIMEDOUT"));
    });
  }

  /** What keepalive probes find after a partition: both ends hear of it, if nothing else told them. */
  probe(): void {
    const peer = this.#peer;
    if (!peer || this.#network.reachable(this.#machine, peer.#machine)) return;
    this.#segments = [];
    this.#end("ETIMEDOUT");
    peer.#segments = [];
    peer.#end("ETIMEDOUT");
  }

  /** Sends a SYN, and again after growing pauses, until somebody answers. */
  #knock(from: Endpoint, since: number, pause: number): void {
    const { scheduler } = this.#network;
    const lost = this.#network.chance(this.#network.faults.loss);
    scheduler.at(scheduler.now + this.#network.delay(), () => {
      if (!this.#open) return;
      const target = this.#network.machine(this.remote.host, this.#machine);
      if (target && !lost && this.#network.reachable(this.#machine, target))
        return this.#arrive(target, from);
      if (scheduler.now - since > CONNECT_MS) return this.#end(target ? "ETIMEDOUT" : "EHOSTUNREACH");
      scheduler.at(scheduler.now + pause, () => this.#open && this.#knock(from, since, 2 * pause));
    });
  }

  #arrive(target: Machine, from: Endpoint): void {
    const { scheduler } = this.#network;
    const accept = target.listeners.get(this.remote.port);
    if (!accept) {
      scheduler.at(scheduler.now + this.#network.delay(), () => this.#end("ECONNREFUSED"));
      return;
    }
    const other = new SimStream(this.#network, target, from);
    other.#peer = this;
    this.#peer = other;
    // A stopped process accepts when it runs again; its kernel has answered long before.
    whenRunning(this.#network, target, () => {
      if (!other.#open) return;
      const handlers = accept(other);
      if (other.#open) other.#handlers = handlers;
      other.#pump();
      this.#pump();
    });
    scheduler.at(scheduler.now + this.#network.delay(), () =>
      whenRunning(this.#network, this.#machine, () => {
        if (!this.#open) return;
        this.#handlers?.connected();
        this.#pump();
        other.#pump();
      }),
    );
  }

  #send(data: Uint8Array | undefined): void {
    const { scheduler, faults } = this.#network;
    const again = this.#network.chance(faults.loss) ? RETRANSMIT_MS : 0;
    const before = this.#segments.at(-1)?.at ?? 0;
    this.#segments.push({ at: Math.max(before, scheduler.now + this.#network.delay() + again), data });
    this.#pump();
  }

  /** Delivers segments one after the other, each at its time; only one delivery is scheduled at once. */
  #pump(): void {
    const next = this.#segments[0];
    if (this.#pumping || !next || !this.#peer) return;
    this.#pumping = true;
    this.#network.scheduler.at(next.at, () => {
      this.#pumping = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const peer = this.#peer!;
    const segment = this.#segments[0];
    if (!segment) return;
    if (!this.#network.reachable(this.#machine, peer.#machine)) return this.#blocked();
    if (peer.#machine.paused || (peer.#open && !peer.#handlers)) return this.#later(POLL_MS);
    this.#blockedSince = undefined;
    this.#segments.shift();
    if (segment.data === undefined) return peer.#end(undefined);
    if (peer.#open) peer.#handlers!.data(segment.data);
    else {
      // The other side has closed already: its system answers with a reset.
      this.#segments = [];
      const { scheduler } = this.#network;
      scheduler.at(scheduler.now + this.#network.delay(), () => this.#end("EPIPE"));
      return;
    }
    if (this.#segments.length > 0) this.#pump();
    else this.#acknowledge();
  }

  #acknowledge(): void {
    const { scheduler } = this.#network;
    scheduler.at(scheduler.now + this.#network.delay(), () =>
      whenRunning(this.#network, this.#machine, () => {
        if (this.#open && this.#segments.length === 0) this.#handlers?.writable();
      }),
    );
  }

  #blocked(): void {
    const { now } = this.#network.scheduler;
    this.#blockedSince ??= now;
    if (now - this.#blockedSince < GIVE_UP_MS) return this.#later(RETRANSMIT_MS);
    const peer = this.#peer!;
    this.#segments = [];
    this.#end("ETIMEDOUT");
    this.#network.scheduler.at(now + KEEPALIVE_MS, () => peer.#end("ETIMEDOUT"));
  }

  #later(pause: number): void {
    const next = this.#segments[0]!;
    this.#segments[0] = { ...next, at: this.#network.scheduler.now + pause };
    this.#pump();
  }

  /** Tells the owner that it is over. */
  #end(error: string | undefined): void {
    if (!this.#open) return;
    if (this.#machine.paused) {
      whenRunning(this.#network, this.#machine, () => this.#end(error));
      return;
    }
    const handlers = this.#handlers;
    this.#shut();
    this.#segments = [];
    handlers?.closed(error);
  }

  #shut(): void {
    this.#open = false;
    this.#machine.streams.delete(this);
    this.#handlers = undefined;
  }
}

/** Runs `run` now, or once the machine is no longer paused. */
export function whenRunning(network: Network, machine: Machine, run: () => void): void {
  if (!machine.paused) return run();
  network.scheduler.at(network.scheduler.now + POLL_MS, () => whenRunning(network, machine, run));
}

interface Segment {
  readonly at: number;
  /** Undefined: the end of the stream. */
  readonly data: Uint8Array | undefined;
}

/** TCP's least retransmission time-out on Linux. */
const RETRANSMIT_MS = 200;
/** How long a dial tries; real systems take minutes, and cores have limits of their own. */
const CONNECT_MS = 20_000;
/** How long data may stay unacknowledged; minutes on real systems, shortened so that short runs meet it. */
const GIVE_UP_MS = 20_000;
/** When keepalive finds that the other side is gone: as system/ sets it, 60 s and ten probes. */
export const KEEPALIVE_MS = 70_000;
/** How often a paused machine is looked at again. */
const POLL_MS = 50;
