import type { ParleyConnection } from "#api/client.ts";
import type { ParleyClient } from "#api/client-types.ts";
import type { Event } from "#api/gen/parley/v1/node_pb.ts";

/** What a terminal wants to know of its connection. */
export interface AttachmentEvents {
  connect(): Promise<ParleyConnection>;
  /** `node` is the name of the node; `description` is "parleyd v0.1.0 (2871e53)". */
  onConnected(node: string, description: string): void;
  /** Something happened on the node. */
  onEvent(event: Event): void;
  /** So many events went by, because this program read too slowly. */
  onMissed(count: bigint): void;
  onLost(): void;
}

/** The terminal's connection: made when it is needed, watched while it is up, made again at the next need after a loss. */
export class Attachment {
  readonly #events: AttachmentEvents;
  #connecting: Promise<ParleyConnection> | undefined;
  #connection: ParleyConnection | undefined;
  #watching = new AbortController();
  #closed = false;

  constructor(events: AttachmentEvents) {
    this.#events = events;
  }

  /** The client of a connection that is up. Throws OperatorError when there is no daemon. */
  async client(): Promise<ParleyClient> {
    if (this.#connection) return this.#connection.client;
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return (await this.#connecting).client;
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  async #connect(): Promise<ParleyConnection> {
    const connection = await this.#events.connect();
    let node: string;
    try {
      ({ node } = await connection.client.node.getVersion({}));
    } catch (error) {
      connection.close();
      throw error;
    }
    if (this.#closed) connection.close();
    else {
      this.#connection = connection;
      this.#watching = new AbortController();
      this.#events.onConnected(node, connection.description);
      void this.#watch(connection, this.#watching.signal);
    }
    return connection;
  }

  async #watch(connection: ParleyConnection, signal: AbortSignal): Promise<void> {
    try {
      for await (const { item } of connection.client.node.watch({}, { signal })) {
        if (item.case === "lost") this.#events.onMissed(item.value);
        if (item.case === "event") this.#events.onEvent(item.value);
      }
    } catch {
      // However the stream ends, the daemon is no longer there: the next command says why it cannot be reached.
    }
    if (this.#connection !== connection) return;
    this.#drop();
    this.#events.onLost();
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#watching.abort();
    connection?.close();
  }
}
