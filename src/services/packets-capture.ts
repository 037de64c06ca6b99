import type { PacketHandlers, ReceivedPacket } from "#host/packet-sockets.ts";
import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import { frameTime, newFrame } from "#packet/query/frame.ts";
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
import type { OpenSocket, PacketsToolkit } from "#services/packets-toolkit.ts";
import type { PacketsTools } from "#services/packets-tools.ts";
import type { NodeHost } from "#services/service.ts";

/** Asks each packet of a socket the query itself: the kernel's filter lets others through, too. Counts what is kept. */
class Tap {
  readonly #match: Matcher | undefined;
  readonly #frame = newFrame();
  #seen = 0;
  #selected = 0;
  packets = 0;
  bytes = 0;

  constructor(query: Query | undefined, first: Message) {
    this.#match = query?.matcher(first);
  }

  /** The packet's number; 0 when the query does not select it. */
  take({ bytes, start, stop, seconds, nanoseconds, originalLength }: ReceivedPacket): number {
    const frame = this.#frame;
    frame.number = ++this.#seen;
    frame.seconds = seconds;
    frame.nanoseconds = nanoseconds;
    frame.length = originalLength;
    frame.capturedLength = stop - start;
    frame.firstTime ??= frameTime(frame);
    if (this.#match && !this.#match(bytes, start, stop, frame)) return 0;
    return ++this.#selected;
  }

  /** There was room for a packet. */
  kept({ start, stop }: ReceivedPacket): void {
    this.packets++;
    this.bytes += stop - start;
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
  const { socket, first, dropped } = await toolkit.open(host.packetSockets, options, query ? [query] : [], {
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
    if (tap.take(packet) > 0 && writer.packet(packet)) tap.kept(packet);
  };
  record.follow(() => ({
    packets: tap.packets,
    bytes: tap.bytes,
    dropped: writer.dropped + dropped(),
  }));
  return {
    close: async () => {
      // What came just before the end may still be on its way.
      if (socket.latestMs > 0) await waited(host.clock, socket.latestMs);
      record.leave();
      socket.close();
      await writer.close();
    },
  };
}

function waited(clock: NodeHost["clock"], ms: number): Promise<void> {
  return new Promise((resolve) => clock.at(clock.now() + ms, resolve));
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
    { socket, first, dropped }: OpenSocket,
    tap: Tap,
  ) {
    this.#toolkit = toolkit;
    this.request = request;
    this.since = host.clock.wallTime();
    this.linkType = socket.linkType;
    this.#first = first;
    this.#tap = tap;
    this.#kernel = dropped;
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
    const opened = await around.toolkit.open(
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
    capture = new ClientCapture(around, request, opened, new Tap(query, opened.first));
    const end = (): void => {
      opened.socket.close();
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
    if (number > 0 && this.#queue.push(packet, number)) this.#tap.kept(packet);
  }

  status(): CaptureStatus {
    const { interface: name, query } = this.request;
    const { packets, bytes } = this.#tap;
    const dropped = this.#dropped;
    const state = "running";
    return {
      interface: name,
      query,
      file: "",
      state,
      since: this.since,
      reason: "",
      packets,
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
