import type { Endpoint } from "#base/endpoint.ts";

/** What a stream tells its owner. After `closed` nothing more is told. */
export interface StreamHandlers {
  /** A dial succeeded; `stream.remote` is known now. Not told for accepted streams. */
  connected(): void;
  data(bytes: Uint8Array): void;
  /** Everything written so far has left for the network; told once after each write or series of writes. */
  writable(): void;
  /** The other side ended it (no error), or the dial or the stream failed ("ECONNREFUSED", "ETIMEDOUT", …). */
  closed(error?: string): void;
}

/** One TCP connection. The other side's data is always read as it comes: what to drop is the owner's choice. */
export interface Stream {
  readonly remote: Endpoint;
  write(data: Uint8Array): void;
  /** Ends it once what was written has left, or at the latest after a few seconds; the handlers hear nothing more. */
  close(): void;
}

export interface StreamListener {
  readonly local: Endpoint;
  /** Stops accepting; accepted streams live on. Resolves when the address is free again. */
  close(): Promise<void>;
}

/** TCP. */
export interface Streams {
  /** Listens on `at` (port 0: any free one). Rejects with an OperatorError when the address is not to be had. */
  listen(at: Endpoint, accept: (stream: Stream) => StreamHandlers): Promise<StreamListener>;
  /** Starts to connect; the outcome comes to the handlers, never before dial has returned. */
  dial(to: Endpoint, handlers: StreamHandlers): Stream;
}
