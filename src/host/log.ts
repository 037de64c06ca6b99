export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where a service says what happened; `Detail` is the typed part of an event. */
export interface Log<Detail extends { readonly type: string } = { readonly type: string }> {
  /** One event: `text` is the one line for people, `detail` the values for programs. */
  publish(level: LogLevel, text: string, detail?: Detail): void;
}
