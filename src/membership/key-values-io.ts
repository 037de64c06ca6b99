/** One text that everyone keeps. */
export interface KeyValue {
  readonly key: string;
  readonly text: string;
  /** The member that set it. */
  readonly by: string;
}

/** A key was set (`text` is there) or removed, here or by somebody else. */
export interface KeyValueChange {
  readonly key: string;
  readonly text?: string;
  readonly by: string;
}
