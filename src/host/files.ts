/** A file that a node keeps for itself. */
export interface StoredFile {
  readonly content: Uint8Array;
  /** Others than its owner may read or change it, as "0644"; undefined when nobody else may. */
  readonly openMode?: string;
}

/** Small files of a node's own, by their whole path: keys, and what is to survive a restart. */
export interface Files {
  /**
   * All of a file; undefined when there is none. Rejects with an OperatorError when it cannot be read, is no file, or has
   * more than `mostBytes`.
   */
  read(path: string, mostBytes: number): Promise<StoredFile | undefined>;
  /**
   * Replaces the file, which then is its owner's alone (0600): whole or, whatever happens meanwhile, not at all. Rejects
   * with an OperatorError.
   */
  write(path: string, content: Uint8Array): Promise<void>;
}
