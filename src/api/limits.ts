/** What the API server grants its clients; every limit is also a promise that no client can exhaust the daemon. */
export interface ApiLimits {
  /** Connections at once, on the socket and on the listener each: both together stay below the usual 1,024 open files. */
  readonly connections: number;
  /** A connection that has not said within this time which HTTP it speaks is closed. */
  readonly firstBytesMs: number;
  /** The headers of an HTTP/1.1 request must be complete within this time of its start. */
  readonly headersMs: number;
  /** A request message must have arrived within this time; answers and streams may take longer. */
  readonly requestMs: number;
  /** HTTP connections on which nothing is asked for so long are closed; clients connect again by themselves. */
  readonly idleMs: number;
  /** How long `close` lets calls and clients end by themselves. */
  readonly closeMs: number;
  /** One request message: gRPC's customary 4 MiB. */
  readonly requestBytes: number;
  /** One response message. */
  readonly responseBytes: number;
  /** What a list of messages or events may take together; below the 4 MiB that gRPC clients accept by default. */
  readonly listBytes: number;
  /** All headers of one request. */
  readonly headerBytes: number;
  /** Calls at once on one HTTP/2 connection. */
  readonly streams: number;
  /** Events that wait for a slow watcher, by number and by size; then it loses the oldest. */
  readonly watchEvents: number;
  readonly watchBytes: number;
}

export const API_LIMITS: ApiLimits = {
  connections: 256,
  firstBytesMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 300_000,
  closeMs: 1_000,
  requestBytes: 4 * 1_024 * 1_024,
  responseBytes: 16 * 1_024 * 1_024,
  listBytes: 3 * 1_024 * 1_024,
  headerBytes: 16 * 1_024,
  streams: 64,
  watchEvents: 1_000,
  watchBytes: 8 * 1_024 * 1_024,
};
