/** One key gets another value, or goes (undefined). */
export interface StoreChange {
  /** 1 to 800 letters, digits and "-". */
  readonly key: string;
  /** Up to 16 kB. */
  readonly value: string | undefined;
}

export interface StoreHandlers {
  /** What was there when it was opened, and then what others have changed; never what `commit` did here. */
  changed(changes: readonly StoreChange[]): void;
  /** It is lost for good, and closed. */
  failed(error: Error): void;
}

/**
 * Keys and their values, which outlive the process and may be shared by several. All changes of all of them have one
 * order.
 */
export interface StoreTable {
  /** Resolves when all has been told that had been committed, by anybody, before this call. */
  refresh(): Promise<void>;
  /**
   * Makes the changes in their order as long as nobody else has made any that has not been told. Resolves with how many
   * were made, from the first on: fewer than all when somebody was faster, and then what he did has been told. Whatever is told meanwhile came after what this commit makes. What was
   * made is kept, whatever happens to this process now. Rejects when that cannot be known; then what was made will be
   * told. Only one commit at a time.
   */
  commit(changes: readonly StoreChange[]): Promise<number>;
  close(): Promise<void>;
}

/** Where things are kept. */
export interface Stores {
  /**
   * Opens the store at a place: the path of a file, which is made, or "nats://HOST:PORT[/BUCKET]". All that is in it has
   * been told when this resolves. Rejects with an OperatorError.
   */
  open(place: string, handlers: StoreHandlers): Promise<StoreTable>;
}
