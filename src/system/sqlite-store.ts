import { chmodSync, closeSync, openSync } from "node:fs";
import { setImmediate as othersTurn } from "node:timers/promises";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { explain, OperatorError } from "#base/operator-error.ts";
import type { StoreChange, StoreHandlers, StoreTable } from "#host/store.ts";

/**
 * Opens a store in a file of SQLite, which several processes of one machine may share. A commit is on disk when it
 * resolves (write-ahead log, synchronous).
 */
export function openSqliteStore(path: string, handlers: StoreHandlers): StoreTable {
  let database: DatabaseSync;
  try {
    // Made here, as everything that a node keeps its owner's alone: the files beside it (-wal, -shm) get its mode.
    closeSync(openSync(path, "a", 0o600));
    database = new DatabaseSync(path, { timeout: BUSY_MS });
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    const version = Number(database.prepare("PRAGMA user_version").get()!["user_version"]);
    if (version !== 0 && version !== LAYOUT)
      throw new Error(`it has the layout ${version}, this version knows ${LAYOUT}`);
    if (version === 0)
      database.exec(
        `CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
         PRAGMA user_version = ${LAYOUT};`,
      );
    chmodSync(path, 0o600); // one that was there; not before it is known to be ours
    return new SqliteStore(database, handlers);
  } catch (cause) {
    const remedy = "name another file, or mend or remove this one";
    throw new OperatorError(`the store ${path} cannot be opened: ${explain(cause)}`, remedy, { cause });
  }
}

class SqliteStore implements StoreTable {
  readonly #database: DatabaseSync;
  readonly #handlers: StoreHandlers;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #all: StatementSync;
  readonly #dataVersion: StatementSync;
  /** What has been told. */
  #known = new Map<string, string>();
  /** SQLite's number for what others have committed. */
  #version: unknown;

  constructor(database: DatabaseSync, handlers: StoreHandlers) {
    this.#database = database;
    this.#handlers = handlers;
    this.#put = database.prepare(
      "INSERT INTO entries VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    );
    this.#remove = database.prepare("DELETE FROM entries WHERE key = ?");
    this.#all = database.prepare("SELECT key, value FROM entries");
    this.#dataVersion = database.prepare("PRAGMA data_version");
    this.#inTransaction("BEGIN", () => this.#tellChanges());
  }

  async refresh(): Promise<void> {
    // A commit stops this process for as long as the disk takes: what has come already is to go along.
    await othersTurn();
    if (this.#currentVersion() !== this.#version) this.#inTransaction("BEGIN", () => this.#tellChanges());
  }

  async commit(changes: readonly StoreChange[]): Promise<number> {
    const made = this.#inTransaction("BEGIN IMMEDIATE", () => {
      if (this.#currentVersion() !== this.#version) {
        this.#tellChanges();
        return 0;
      }
      for (const { key, value } of changes) {
        if (value === undefined) this.#remove.run(key);
        else this.#put.run(key, value);
      }
      return changes.length;
    });
    for (const { key, value } of changes.slice(0, made)) {
      if (value === undefined) this.#known.delete(key);
      else this.#known.set(key, value);
    }
    return made;
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Reads everything; what differs from what is known was changed by others. */
  #tellChanges(): void {
    const now = new Map<string, string>();
    const changes: StoreChange[] = [];
    for (const { key, value } of this.#all.iterate()) {
      now.set(key as string, value as string);
      if (this.#known.get(key as string) !== value)
        changes.push({ key: key as string, value: value as string });
    }
    for (const key of this.#known.keys()) if (!now.has(key)) changes.push({ key, value: undefined });
    this.#known = now;
    this.#version = this.#currentVersion();
    if (changes.length > 0) this.#handlers.changed(changes);
  }

  #currentVersion(): unknown {
    return this.#dataVersion.get()!["data_version"];
  }

  #inTransaction<Result>(begin: string, run: () => Result): Result {
    this.#database.exec(begin);
    try {
      const result = run();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Another process that commits holds the file for some milliseconds; one that hangs must not stop this one for long. */
const BUSY_MS = 2_000;
/** What the tables look like; another layout gets another number. */
const LAYOUT = 1;
