import {
  jetstreamManager,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
} from "@nats-io/jetstream";
import { Kvm, KvWatchInclude, type KV, type KvEntry } from "@nats-io/kv";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { explain, OperatorError } from "#base/operator-error.ts";
import type { StoreChange, StoreHandlers, StoreTable } from "#host/store.ts";

/**
 * Opens a key-value bucket of NATS JetStream, "nats://HOST:PORT[/BUCKET]", which is made when there is none. Each change is
 * one message of the bucket's stream, sent with the number that the stream's last one must have: so a change is made only
 * if nobody else has made any since, whatever key it is for. A bucket that should have replicas is made by the operator.
 */
export async function openNatsStore(place: string, handlers: StoreHandlers): Promise<StoreTable> {
  const [, server, bucket = DEFAULT_BUCKET] = /^(\w+:\/\/[^/]+)(?:\/([\w-]+))?$/.exec(place) ?? [];
  let connection: NatsConnection | undefined;
  try {
    connection = await connect({
      servers: server ?? place,
      name: "parley directory",
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      timeout: ANSWER_MS,
    });
    const manager = await jetstreamManager(connection, { timeout: ANSWER_MS });
    const kv = await openBucket(manager, bucket);
    const store = new NatsStore(connection, manager, kv, handlers);
    await store.begin();
    return store;
  } catch (cause) {
    await connection?.close();
    const remedy = "start nats-server with JetStream (nats-server -js) there, or check directory.store";
    throw new OperatorError(`the store ${place} cannot be opened: ${explain(cause)}`, remedy, { cause });
  }
}

async function openBucket(manager: JetStreamManager, bucket: string): Promise<KV> {
  const buckets = new Kvm(manager.jetstream());
  const stream = await manager.streams.info(`KV_${bucket}`).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  });
  return stream ? await buckets.open(bucket) : await buckets.create(bucket, { history: 1 });
}

class NatsStore implements StoreTable {
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #client: JetStreamClient;
  readonly #kv: KV;
  readonly #bucket: string;
  readonly #handlers: StoreHandlers;
  /** Number of the last message that has been told or was sent from here. */
  #known = 0;
  /** Messages that came while an own one was under way: it may be among them. */
  #held: KvEntry[] | undefined;
  #waiting: { readonly until: number; readonly resolve: () => void }[] = [];
  /** Messages of removed keys, by key: they are there only so that others learn of the removal. */
  readonly #markers = new Map<string, { readonly revision: number; readonly at: number }>();
  #isClosed = false;

  constructor(connection: NatsConnection, manager: JetStreamManager, kv: KV, handlers: StoreHandlers) {
    this.#connection = connection;
    this.#manager = manager;
    this.#client = manager.jetstream();
    this.#kv = kv;
    this.#bucket = (kv as unknown as { bucket: string }).bucket;
    this.#handlers = handlers;
  }

  async begin(): Promise<void> {
    // A stream that has a message has a number to expect.
    await this.#kv.create(LAYOUT_KEY, LAYOUT).catch(() => {});
    const watch = await this.#kv.watch({ include: KvWatchInclude.LastValue });
    void (async () => {
      for await (const entry of watch) this.#came(entry);
    })().catch((error: unknown) => this.#failed(error));
    void this.#connection
      .closed()
      .then((error) => this.#failed(error ?? new Error("the connection was closed")));
    await this.refresh();
    const layout = (await this.#kv.get(LAYOUT_KEY))?.string();
    if (layout !== LAYOUT)
      throw new Error(`the bucket has the layout "${layout}", this version knows ${LAYOUT}`);
    const cleaning = setInterval(() => void this.#clean().catch(() => {}), CLEAN_MS);
    cleaning.unref();
    void this.#connection.closed().then(() => clearInterval(cleaning));
  }

  async refresh(): Promise<void> {
    const { state } = await this.#manager.streams.info(`KV_${this.#bucket}`);
    if (this.#known >= state.last_seq) return;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
        reject(new Error("NATS does not tell what has changed"));
      }, ANSWER_MS);
      const done = (): void => {
        clearTimeout(late);
        resolve();
      };
      const waiting = { until: state.last_seq, resolve: done };
      this.#waiting.push(waiting);
    });
  }

  async commit(changes: readonly StoreChange[]): Promise<number> {
    this.#held = [];
    let made = 0;
    let error: unknown;
    try {
      for (const change of changes) {
        this.#known = await this.#send(change);
        made++;
      }
    } catch (thrown) {
      error = thrown;
    }
    const held = this.#held;
    this.#held = undefined;
    for (const entry of held) this.#came(entry);
    if (error === undefined) return made;
    if (!(error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE)) throw error;
    await this.refresh();
    return made;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection.close();
  }

  /** The number of the message; rejects with WRONG_LAST_SEQUENCE when somebody was faster. */
  async #send({ key, value }: StoreChange): Promise<number> {
    const options = { expect: { lastSequence: this.#known }, timeout: ANSWER_MS };
    const subject = this.#subjectOf(key);
    if (value !== undefined) {
      this.#markers.delete(key);
      return (await this.#client.publish(subject, value, options)).seq;
    }
    const removal = headers();
    removal.set("KV-Operation", "DEL");
    const { seq } = await this.#client.publish(subject, "", { ...options, headers: removal });
    this.#markers.set(key, { revision: seq, at: performance.now() });
    return seq;
  }

  #came(entry: KvEntry): void {
    if (this.#held) return void this.#held.push(entry);
    const { key, revision, operation } = entry;
    if (revision <= this.#known) return;
    this.#known = revision;
    if (operation === "PUT") this.#markers.delete(key);
    else this.#markers.set(key, { revision, at: performance.now() });
    if (key !== LAYOUT_KEY)
      this.#handlers.changed([{ key, value: operation === "PUT" ? entry.string() : undefined }]);
    const ready = this.#waiting.filter(({ until }) => until <= revision);
    this.#waiting = this.#waiting.filter(({ until }) => until > revision);
    for (const { resolve } of ready) resolve();
  }

  /** What was removed an hour ago everybody knows. The stream's last message stays: its number must be found. */
  async #clean(): Promise<void> {
    const old = performance.now() - MARKER_MS;
    for (const [key, { revision, at }] of this.#markers) {
      if (at > old || revision >= this.#known) continue;
      const filter = this.#subjectOf(key);
      await this.#manager.streams.purge(`KV_${this.#bucket}`, { filter, seq: revision + 1 });
      this.#markers.delete(key);
    }
  }

  #subjectOf(key: string): string {
    return `$KV.${this.#bucket}.${key}`;
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handlers.failed(error instanceof Error ? error : new Error(String(error)));
  }
}

const DEFAULT_BUCKET = "parley-directory";
const LAYOUT_KEY = "layout";
const LAYOUT = "1";
/** A client waits for an answer no longer than this anyhow. */
const ANSWER_MS = 5_000;
const RECONNECT_MS = 500;
const CLEAN_MS = 600_000;
const MARKER_MS = 3_600_000;
/** Codes of the JetStream API (its server's errors.json). */
const WRONG_LAST_SEQUENCE = 10_071;
const STREAM_NOT_FOUND = 10_059;
