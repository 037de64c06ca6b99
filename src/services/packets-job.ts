import { explain } from "#base/operator-error.ts";
import type { Clock } from "#host/clock.ts";
import type { LogLevel } from "#host/log.ts";
import { PacketsError, type PacketsState, type RunStatus } from "#services/packets-api.ts";
import { RETRY_FIRST_MS, RETRY_LONGEST_MS, STABLE_MS } from "#services/packets-limits.ts";
import { reasonOf } from "#services/packets-records.ts";

/** What runs after an attempt that went well. */
export interface JobRun {
  close(): Promise<void> | void;
}

/** How a run says that it is over. The first word counts. */
export interface Attempt {
  /** It was given up or has ended meanwhile: nothing is to be begun any more. */
  isOver(): boolean;
  /** Tried again. */
  failed(error: unknown): void;
  /** Not tried again. */
  ended(state: "failed" | "done", reason: string): void;
}

export interface JobSurroundings {
  readonly clock: Clock;
  /** "responder arp on eth0" */
  readonly what: string;
  readonly interface: string;
  /** The system's number of the interface now; undefined when there is none of that name. */
  indexOf(interfaceName: string): number | undefined;
  /** `news`: what it came to, when that is what is said. */
  log(level: LogLevel, text: string, news?: JobNews): void;
}

export interface JobNews {
  readonly state: PacketsState;
  readonly reason: string;
}

/**
 * Something that runs on an interface, and is begun again with growing pauses when it fails; at once when its interface
 * appears. What never helps to be tried again (a bad query) is not.
 */
export class Job {
  readonly #around: JobSurroundings;
  readonly #begin: (attempt: Attempt) => Promise<JobRun>;
  #state: PacketsState = "stopped";
  #since: number;
  #reason = "";
  #said = "";
  #nextAttempt: number | undefined;
  #cancel = (): void => {};
  #run: JobRun | undefined;
  /** The attempt that counts; what earlier ones come to is closed. */
  #attempt = 0;
  #failures = 0;
  #index: number | undefined;
  #isRetried = false;

  constructor(around: JobSurroundings, begin: (attempt: Attempt) => Promise<JobRun>) {
    this.#around = around;
    this.#begin = begin;
    this.#since = around.clock.wallTime();
  }

  get state(): PacketsState {
    return this.#state;
  }

  status(): RunStatus {
    return {
      interface: this.#around.interface,
      state: this.#state,
      since: this.#since,
      reason: this.#reason,
      ...(this.#nextAttempt !== undefined && { nextAttempt: this.#nextAttempt }),
    };
  }

  /** Begins it; the answer is why that failed, undefined when it runs. */
  async start(): Promise<unknown> {
    this.#failures = 0;
    return this.#try();
  }

  async stop(): Promise<void> {
    await this.#end("stopped", "");
  }

  /** Told of every change of an interface of this name. */
  linkChanged(index: number): void {
    if (this.#state === "failed" && this.#isRetried && index !== this.#index) void this.#try();
  }

  async #try(): Promise<unknown> {
    const { clock, interface: name } = this.#around;
    const ended = this.#end("starting", this.#reason);
    const number = this.#attempt;
    const startedAt = clock.now();
    const isCurrent = (): boolean => number === this.#attempt;
    const attempt: Attempt = {
      isOver: () => !isCurrent(),
      failed: (error) => {
        if (!isCurrent()) return;
        if (clock.now() - startedAt >= STABLE_MS) this.#failures = 0;
        void this.#failed(error);
      },
      ended: (state, reason) => {
        if (!isCurrent()) return;
        this.#isRetried = false;
        void this.#end(state, reason);
      },
    };
    await ended;
    try {
      if (!isCurrent()) return this.#outcome();
      this.#index = this.#around.indexOf(name);
      if (this.#index === undefined)
        throw new PacketsError("missing", `there is no interface ${name}`, "it starts when there is one");
      const run = await this.#begin(attempt);
      if (!isCurrent()) await run.close();
      else {
        this.#run = run;
        this.#set("running", "");
      }
    } catch (error) {
      if (isCurrent()) await this.#failed(error);
      return error;
    }
    return this.#outcome();
  }

  /** Of an attempt that was overtaken, or has ended by itself. */
  #outcome(): unknown {
    if (this.#state === "running" || this.#state === "done") return undefined;
    const reason = this.#reason === "" ? `${this.#around.what} is ${this.#state}` : this.#reason;
    return new PacketsError("failed", reason, "start it again when that is mended");
  }

  async #failed(error: unknown): Promise<void> {
    const { clock } = this.#around;
    this.#failures++;
    this.#isRetried = !(error instanceof PacketsError && error.kind === "invalid");
    const ended = this.#end("failed", reasonOf(error));
    // Without its interface only that can help, and it will be told.
    if (this.#isRetried && this.#index !== undefined) {
      const pause = Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** (this.#failures - 1));
      this.#nextAttempt = clock.wallTime() + pause;
      this.#cancel = clock.at(clock.now() + pause, () => void this.#try());
    }
    await ended;
  }

  /** Whatever ran or was begun is over. */
  async #end(state: PacketsState, reason: string): Promise<void> {
    this.#attempt++;
    this.#cancel();
    this.#cancel = () => {};
    this.#nextAttempt = undefined;
    const run = this.#run;
    this.#run = undefined;
    this.#set(state, reason);
    try {
      await run?.close();
    } catch (error) {
      this.#around.log("warn", `stopping ${this.#around.what}: ${explain(error)}`);
    }
  }

  #set(state: PacketsState, reason: string): void {
    if (state !== this.#state) this.#since = this.#around.clock.wallTime();
    this.#state = state;
    this.#reason = reason;
    // Said once, however often it is tried.
    const news = state === "starting" ? this.#said : `${state} ${reason}`;
    if (news === this.#said) return;
    this.#said = news;
    const text = `${this.#around.what} ${SAID[state]}${reason === "" ? "" : `: ${reason}`}`;
    this.#around.log(state === "failed" ? "error" : "info", text, { state, reason });
  }
}

const SAID: Readonly<Record<PacketsState, string>> = {
  starting: "is starting",
  running: "runs",
  failed: "failed",
  done: "is done",
  stopped: "stopped",
};
