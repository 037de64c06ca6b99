import { formatEndpoint, parseNamedEndpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { Clock } from "#host/clock.ts";
import type { MembershipEvent } from "#membership/io.ts";
import type { JoinStatus } from "#services/membership-api.ts";

interface Surroundings {
  readonly clock: Clock;
  /** How long an exchange with an address may take, ms. */
  readonly timeoutMs: number;
  /** "IP:port" of this node. */
  readonly own: string;
  dial(addresses: readonly string[]): void;
  /** Others are configured: the added ones are dialled until each has answered once. */
  reseed(added: readonly string[], removed: readonly string[]): void;
}

type Outcome = Extract<MembershipEvent, { readonly type: "reached" | "unreachable" }>;

/** Addresses that are dialled to find the cluster, and how that ended: by command, and those of the configuration. */
export class Joins {
  readonly #around: Surroundings;
  readonly #statuses = new Map<string, JoinStatus>();
  readonly #waiting = new Map<string, ((status: JoinStatus) => void)[]>();
  #configured: ReadonlySet<string>;

  constructor(around: Surroundings, configured: readonly string[]) {
    this.#around = around;
    this.#configured = this.#others(configured);
    for (const address of this.#configured) this.#note(address, { reason: "being dialled" });
  }

  /** Of the configured addresses; for others of the last command. */
  statuses(): readonly JoinStatus[] {
    return [...this.#statuses.values()];
  }

  /** Dials addresses once and waits for the outcomes. Throws OperatorError for what can be none. */
  join(addresses: readonly string[]): Promise<readonly JoinStatus[]> {
    const wanted = [...new Set(addresses.map((address) => this.#checked(address)))];
    if (wanted.length === 0) throw new OperatorError("no address to join", "name one member at least");
    if (wanted.length > MOST_JOINED)
      throw new OperatorError(`${wanted.length} addresses at once`, `name at most ${MOST_JOINED}`);
    for (const address of this.#statuses.keys())
      if (!this.#configured.has(address)) this.#statuses.delete(address);
    const outcomes = wanted.map((address) => this.#outcome(address));
    this.#around.dial(wanted);
    return Promise.all(outcomes);
  }

  /** The configuration has others. */
  configure(addresses: readonly string[]): void {
    const before = this.#configured;
    this.#configured = this.#others(addresses);
    const added = [...this.#configured].filter((address) => !before.has(address));
    const removed = [...before].filter((address) => !this.#configured.has(address));
    for (const address of removed) this.#statuses.delete(address);
    for (const address of added) this.#note(address, { reason: "being dialled" });
    if (added.length + removed.length > 0) this.#around.reseed(added, removed);
  }

  /** The core tells how dialling ended. */
  take(event: Outcome): void {
    const { address } = event;
    const isReached = event.type === "reached";
    const status = this.#note(address, isReached ? { members: event.members, reason: "" } : event);
    for (const tell of this.#waiting.get(address) ?? []) tell(status);
    this.#waiting.delete(address);
  }

  #outcome(address: string): Promise<JoinStatus> {
    const { clock, timeoutMs } = this.#around;
    return new Promise((resolve) => {
      const late = (): void => resolve(this.#note(address, { reason: "no answer so far" }));
      const cancel = clock.at(clock.now() + timeoutMs + GRACE_MS, late);
      const tell = (status: JoinStatus): void => {
        cancel();
        resolve(status);
      };
      this.#waiting.set(address, [...(this.#waiting.get(address) ?? []), tell]);
    });
  }

  #note(address: string, { members, reason }: { members?: number; reason: string }): JoinStatus {
    const since = this.#around.clock.wallTime();
    const status = { address, reason, since, ...(members !== undefined && { members }) };
    // Others than the configured and the asked ones are the core's own affair.
    if (this.#configured.has(address) || this.#waiting.has(address)) this.#statuses.set(address, status);
    return status;
  }

  #others(addresses: readonly string[]): ReadonlySet<string> {
    return new Set(addresses.filter((address) => address !== this.#around.own));
  }

  #checked(address: string): string {
    const endpoint = parseNamedEndpoint(address.replace(/^member:\/\//, ""));
    if (!endpoint) throw new OperatorError(`"${address}" is no address`, "write IP:port or host:port");
    const canonical = formatEndpoint(endpoint);
    if (canonical === this.#around.own)
      throw new OperatorError(`${canonical} is this node itself`, "name another member");
    return canonical;
  }
}

/** Addresses of one command: one that answers names all others. */
const MOST_JOINED = 64;
/** What a dial may take beyond the exchange itself. */
const GRACE_MS = 2_000;
