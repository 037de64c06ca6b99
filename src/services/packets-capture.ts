import type { PacketHandlers, PacketSocket, ReceivedPacket } from "#host/packet-sockets.ts";
import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import type { Matcher, Query } from "#packet/query/query.ts";
import {
  PacketsError,
  type CapturedBatch,
  type CaptureRequest,
  type CaptureStatus,
  type CaptureStream,
} from "#services/packets-api.ts";
import { sizeOf, type CaptureConfig } from "#services/packets-config.ts";
import { FileWriter } from "#services/packets-file.ts";
import type { Attempt, JobRun } from "#services/packets-job.ts";
import type { CaptureRecord } from "#services/packets-records.ts";
import { PacketQueue, type WaitingPacket } from "#services/packets-live.ts";
import type { PacketsToolkit } from "#services/packets-toolkit.ts";
import type { PacketsTools } from "#services/packets-tools.ts";
import type { NodeHost } from "#services/service.ts";

/** Asks each packet of a socket the query itself, and counts: the kernel's filter lets others through, too. */
class Tap {
  readonly #match: Matcher | undefined;
  readonly #frame = { number: 0, seconds: 0, nanoseconds: 0, length: 0, capturedLength: 0, firstTime: 0n };
  packets = 0;
  bytes = 0;

  constructor(query: Query | undefined, first: Message) {
    this.#match = query?.matcher(first);
  }

  /** The packet's number; 0 when the query does not select it. */
  take({ bytes, start, stop, seconds, nanoseconds, originalLength }: ReceivedPacket): number {
    const frame = this.#frame;
    frame.number = this.packets + 1;
    frame.seconds = seconds;
    frame.nanoseconds = nanoseconds;
    frame.length = originalLength;
    frame.capturedLength = stop - start;
    if (this.#match && !this.#match(bytes, start, stop, frame)) return 0;
    if (this.packets === 0) frame.firstTime = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    this.bytes += stop - start;
    return ++this.packets;
  }
}

export interface CaptureSurroundings {
  readonly host: NodeHost;
  readonly tools: PacketsTools;
  readonly toolkit: PacketsToolkit;
}

/** Runs a capture to files. Rejects when it cannot be begun. */
export async function runFileCapture(
  { host, tools, toolkit }: CaptureSurroundings,
  config: CaptureConfig,
  record: CaptureRecord,
  attempt: Attempt,
): Promise<JobRun> {
  const query = toolkit.query(config.query);
  const files = await tools.openFiles(host.node.dataFolder, config.file, config.keep);
  let received: PacketHandlers["received"] = () => {};
  const options = { interface: config.interface, mode: "bulk", promiscuous: true, outgoing: true } as const;
  const { socket, first } = await toolkit.open(host.packetSockets, options, query ? [query] : [], {
    received: (packet) => received(packet),
    failed: attempt.failed,
  });
  if (attempt.isOver()) {
    socket.close();
    throw new Error("given up");
  }
  const tap = new Tap(query, first);
  const writer = new FileWriter({
    clock: host.clock,
    files,
    rotateBytes: sizeOf(config.rotate)!,
    interface: config.interface,
    linkType: socket.linkType,
    failed: attempt.failed,
  });
  received = (packet) => {
    if (tap.take(packet) > 0) writer.packet(packet);
  };
  const kernel = kernelDrops(socket);
  record.follow(() => ({
    packets: tap.packets - writer.dropped,
    bytes: tap.bytes,
    dropped: writer.dropped + kernel(),
  }));
  return {
    close: async () => {
      record.leave();
      socket.close();
      await writer.close();
    },
  };
}

/** A capture whose packets a client reads as they come. */
export class ClientCapture implements CaptureStream {
  readonly request: CaptureRequest;
  readonly since: number;
  readonly linkType: number;
  readonly #toolkit: PacketsToolkit;
  readonly #first: Message;
  readonly #tap: Tap;
  readonly #queue = new PacketQueue();
  readonly #kernel: () => number;
  readonly #ended = Promise.withResolvers<void>();
  /** Resolves when nothing is captured any more. */
  readonly ended = this.#ended.promise;

  private constructor(
    { host, toolkit }: CaptureSurroundings,
    request: CaptureRequest,
    socket: PacketSocket,
    first: Message,
    tap: Tap,
  ) {
    this.#toolkit = toolkit;
    this.request = request;
    this.since = host.clock.wallTime();
    this.linkType = socket.linkType;
    this.#first = first;
    this.#tap = tap;
    this.#kernel = kernelDrops(socket);
  }

  /** Captures until `signal` aborts or the socket fails. */
  static async open(
    around: CaptureSurroundings,
    request: CaptureRequest,
    signal: AbortSignal,
  ): Promise<ClientCapture> {
    const query = around.toolkit.query(request.query);
    let capture: ClientCapture | undefined;
    let failure: Error | undefined;
    const { socket, first } = await around.toolkit.open(
      around.host.packetSockets,
      {
        interface: request.interface,
        mode: "latency",
        promiscuous: request.promiscuous,
        outgoing: true,
        ...(request.snapLength > 0 && { snapLength: request.snapLength }),
      },
      query ? [query] : [],
      {
        received: (packet) => {
          if (capture) capture.#received(packet);
        },
        failed: (error) => {
          failure = error;
          if (capture) capture.#end(error);
        },
      },
    );
    if (failure) throw failure;
    capture = new ClientCapture(around, request, socket, first, new Tap(query, first));
    const end = (): void => {
      socket.close();
      capture.#end(new PacketsError("failed", "the capture has ended", "start it again"));
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    return capture;
  }

  #end(error: unknown): void {
    this.#queue.end(error);
    this.#ended.resolve();
  }

  #received(packet: ReceivedPacket): void {
    const number = this.#tap.take(packet);
    if (number > 0) this.#queue.push(packet, number);
  }

  status(): CaptureStatus {
    const { interface: name, query } = this.request;
    const { packets, bytes } = this.#tap;
    const dropped = this.#dropped;
    const captured = packets - this.#queue.dropped;
    const state = "running";
    return {
      interface: name,
      query,
      file: "",
      state,
      since: this.since,
      reason: "",
      packets: captured,
      bytes,
      dropped,
    };
  }

  get #dropped(): number {
    return this.#queue.dropped + this.#kernel();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CapturedBatch> {
    for (;;) {
      const waiting = await this.#queue.take();
      yield { packets: waiting.map((packet) => this.#shown(packet)), dropped: this.#dropped };
    }
  }

  /** With its line, which is made only for what the client gets. */
  #shown(packet: WaitingPacket) {
    const { bytes, length, number, seconds, nanoseconds } = packet;
    const whole = new Packet(this.#toolkit.registry, this.#first, bytes, { originalLength: length });
    const frame = { number, seconds, nanoseconds, length, capturedLength: bytes.length };
    return { ...packet, ...this.#toolkit.row(whole, frame) };
  }
}

/** Packets that found no room in the socket; the last known number once that is closed. */
function kernelDrops(socket: PacketSocket): () => number {
  let known = 0;
  return () => {
    try {
      known = socket.statistics().dropped;
    } catch {
      // Closed.
    }
    return known;
  };
}
