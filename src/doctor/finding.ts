/** What one check found. */
export interface Finding {
  /** What was looked at: "capabilities". */
  readonly check: string;
  /** ok; warning: something will not work, or not yet; failed: a node cannot run, or not as configured. */
  readonly state: "ok" | "warning" | "failed";
  readonly detail: string;
  /** What to do about it; empty when all is well. */
  readonly remedy: string;
}

export function ok(check: string, detail: string): Finding {
  return { check, state: "ok", detail, remedy: "" };
}

export function warning(check: string, detail: string, remedy: string): Finding {
  return { check, state: "warning", detail, remedy };
}

export function failed(check: string, detail: string, remedy: string): Finding {
  return { check, state: "failed", detail, remedy };
}
