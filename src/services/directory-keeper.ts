import type { StoreTable } from "#host/store.ts";
import type { Decision, Outcome } from "#directory/rules.ts";
import type { DirectoryTable, TableChange } from "#directory/table.ts";

interface Waiting {
  readonly decide: (table: DirectoryTable) => Decision;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Carries operations to the store: those that wait are decided together, one on top of the other, and committed at once.
 * An operation is answered only when what it changed is kept. When another server was first, its changes come in, and what
 * was not kept is decided again.
 */
export class DirectoryKeeper {
  readonly #table: DirectoryTable;
  readonly #store: StoreTable;
  readonly #waiting: Waiting[] = [];
  /** What others changed while a commit is under way. */
  #foreign: TableChange[] | undefined;
  #isRunning = false;
  #idle: Promise<void> = Promise.resolve();

  constructor(table: DirectoryTable, store: StoreTable) {
    this.#table = table;
    this.#store = store;
  }

  /** Operations that wait. */
  get queued(): number {
    return this.#waiting.length;
  }

  /** To be called with what the store tells. */
  changed(changes: readonly TableChange[]): void {
    if (this.#foreign) this.#foreign.push(...changes);
    else for (const change of changes) this.#table.apply(change);
  }

  /** Resolves when the operation is kept; rejects when there are too many, or the store fails. */
  run(decide: (table: DirectoryTable) => Decision): Promise<Outcome> {
    if (this.#waiting.length >= MOST_WAITING)
      return Promise.reject(new Error("too many requests wait for the store"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ decide, resolve, reject });
      if (!this.#isRunning) this.#idle = this.#work();
    });
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    return this.#idle;
  }

  async #work(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      let batch: Waiting[] = [];
      try {
        await this.#store.refresh();
        // Taken only now: what came meanwhile goes along.
        batch = this.#waiting.splice(0, MOST_TOGETHER);
        await this.#carryOut(batch);
      } catch (error) {
        if (batch.length === 0) batch = this.#waiting.splice(0, MOST_TOGETHER);
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isRunning = false;
  }

  /** Puts back into the queue what was not kept. */
  async #carryOut(batch: readonly Waiting[]): Promise<void> {
    const changes: TableChange[] = [];
    const before: TableChange[] = [];
    const ends: number[] = [];
    const outcomes: Outcome[] = [];
    for (const { decide } of batch) {
      const decision = decide(this.#table);
      for (const change of decision.changes) {
        before.push({ key: change.key, value: this.#table.valueAt(change.key) });
        changes.push(change);
        this.#table.apply(change);
      }
      ends.push(changes.length);
      outcomes.push(decision.outcome);
    }
    const kept = changes.length === 0 ? 0 : await this.#commit(changes, before);
    const again = batch.filter(({ resolve }, i) => {
      if (ends[i]! > kept) return true;
      resolve(outcomes[i]!);
      return false;
    });
    this.#waiting.unshift(...again);
  }

  async #commit(changes: readonly TableChange[], before: readonly TableChange[]): Promise<number> {
    this.#foreign = [];
    let kept = 0;
    try {
      kept = await this.#store.commit(changes);
      return kept;
    } finally {
      for (let i = before.length - 1; i >= kept; i--) this.#table.apply(before[i]!);
      const foreign = this.#foreign;
      this.#foreign = undefined;
      for (const change of foreign) this.#table.apply(change);
    }
  }
}

/** One commit of a file costs a disk's write, however many are in it. */
const MOST_TOGETHER = 256;
/** Above the connections of a server, each of which has one request under way. */
const MOST_WAITING = 4_096;
