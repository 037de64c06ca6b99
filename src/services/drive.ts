import type { Endpoint } from "#base/endpoint.ts";
import type { Host } from "#host/host.ts";
import type { Core } from "#machine/core.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";
import type { Recorder } from "#machine/record.ts";
import { Runner } from "#machine/runner.ts";

/** What a driver needs of the service it works for; a ServiceHost is one. */
export interface DriveHost extends Pick<Host, "clock" | "streams" | "datagrams"> {
  atStop(run: () => Promise<void> | void): void;
  fail(error: unknown): void;
}

export interface DriveOptions<Event> {
  /** Accept streams here. */
  readonly streams?: Endpoint | undefined;
  /** Receive and send datagrams here. */
  readonly datagrams?: Endpoint | undefined;
  readonly event: (event: Event) => void;
}

/** Where the ports that were asked for really are (port 0 means any). */
export interface DrivePlaces {
  readonly streams?: Endpoint;
  readonly datagrams?: Endpoint;
}

export interface Driver<Command> {
  readonly places: DrivePlaces;
  /** Gives the core a command; what it causes has happened when this returns. */
  push(command: Command): void;
}

/** A core and, when the operator wants it, the recorder of its steps. */
export interface Driven<Command, Event> {
  readonly core: Core<Command | WorldInput, WorldOutput<Event>>;
  readonly recorder?: Recorder | undefined;
}

/**
 * Runs any core on any host until the service stops: opens its ports, then makes the core (which may need to know where
 * they are), carries out what it says and tells it what happens. Rejects with an OperatorError when a port is not to be
 * had. It knows no protocol.
 */
export async function drive<Command, Event>(
  host: DriveHost,
  options: DriveOptions<Event>,
  make: (places: DrivePlaces) => Driven<Command, Event>,
): Promise<Driver<Command>> {
  let runner: Runner<Command, Event> | undefined;
  const places: { streams?: Endpoint; datagrams?: Endpoint } = {};
  if (options.streams) {
    const listener = await host.streams.listen(options.streams, (stream) => {
      if (runner) return runner.accept(stream);
      stream.close();
      return DEAF;
    });
    host.atStop(() => listener.close());
    places.streams = listener.local;
  }
  const socket =
    options.datagrams &&
    (await host.datagrams.open(options.datagrams, {
      received: (from, data) => runner?.datagram(from, data),
      failed: (error) => host.fail(new Error(`the datagram socket failed: ${error}`)),
    }));
  if (socket) {
    host.atStop(() => socket.close());
    places.datagrams = socket.local;
  }
  const { core, recorder } = make(places);
  const started = new Runner<Command, Event>(core, {
    clock: host.clock,
    streams: host.streams,
    event: options.event,
    failed: (error) => host.fail(error),
    ...(recorder && { observe: recorder.step.bind(recorder) }),
  });
  if (socket) started.attach(socket);
  host.atStop(() => started.stop());
  runner = started;
  return { places, push: (command) => started.push(command) };
}

const DEAF = { connected: () => {}, data: () => {}, writable: () => {}, closed: () => {} };
