import type { StoreChange, StoreHandlers, Stores, StoreTable } from "#host/store.ts";

/** One store in memory: what it holds, and who has it open. */
export interface SimStoreState {
  readonly values: Map<string, string>;
  readonly open: Set<SimStoreTable>;
}

/** Stores in memory, by place; machines that name the same place share one, and a machine's end does not touch it. */
export function simStores(places: Map<string, SimStoreState>): Stores {
  return {
    open: async (place, handlers) => {
      const state = places.get(place) ?? { values: new Map(), open: new Set() };
      places.set(place, state);
      return new SimStoreTable(state, handlers);
    },
  };
}

class SimStoreTable implements StoreTable {
  readonly #state: SimStoreState;
  readonly #handlers: StoreHandlers;
  /** What others have committed and this one has not told. */
  #untold: StoreChange[] = [];

  constructor(state: SimStoreState, handlers: StoreHandlers) {
    this.#state = state;
    this.#handlers = handlers;
    state.open.add(this);
    this.#untold = [...state.values].map(([key, value]) => ({ key, value }));
    this.#tell();
  }

  async refresh(): Promise<void> {
    this.#tell();
  }

  async commit(changes: readonly StoreChange[]): Promise<number> {
    if (this.#untold.length > 0) {
      this.#tell();
      return 0;
    }
    for (const { key, value } of changes) {
      if (value === undefined) this.#state.values.delete(key);
      else this.#state.values.set(key, value);
    }
    for (const other of this.#state.open) if (other !== this) other.#untold.push(...changes);
    return changes.length;
  }

  async close(): Promise<void> {
    this.#state.open.delete(this);
  }

  #tell(): void {
    const changes = this.#untold;
    this.#untold = [];
    if (changes.length > 0) this.#handlers.changed(changes);
  }
}
