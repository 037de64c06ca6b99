import { formatEndpoint, parseNamedEndpoint, type Endpoint } from "#base/endpoint.ts";
import type { Parts } from "#membership/parts.ts";
import type { PushPull } from "#membership/push-pull.ts";

/**
 * Addresses that the operator named. Those of the configuration are dialled with growing pauses until each has answered
 * once, and all of them again whenever nobody else is left; those of a command once.
 */
export class Seeds {
  readonly #parts: Parts;
  readonly #pushPull: PushPull;
  readonly #seeds = new Map<string, Seed>();
  #pauseMs: number;

  constructor(parts: Parts, pushPull: PushPull) {
    this.#parts = parts;
    this.#pushPull = pushPull;
    this.#pauseMs = parts.setup.limits.seedFirstMs;
    this.change(parts.setup.join, []);
  }

  /** The configuration has others; `due` dials them. */
  change(added: readonly string[], removed: readonly string[]): void {
    for (const address of removed) this.#seeds.delete(address);
    for (const address of added) {
      const endpoint = parseNamedEndpoint(address);
      if (endpoint && this.#seeds.size < this.#parts.setup.limits.seeds) this.#add(endpoint);
    }
    this.#reset();
  }

  /** Dials all that is needed, and says when to look again. */
  due(): void {
    const { timers, step, members, random, setup } = this.#parts;
    const isAlone = members.present <= 1;
    let isWanting = false;
    for (const seed of this.#seeds.values()) {
      if (seed.wasReached && !isAlone) continue;
      isWanting = true;
      if (!seed.isDialling) this.#dial(seed);
    }
    if (!isWanting) return this.#reset();
    timers.set("seeds", step.now + this.#pauseMs * (0.75 + random.float() / 2));
    this.#pauseMs = Math.min(setup.limits.seedLongestMs, 2 * this.#pauseMs);
  }

  /** A member failed: perhaps nobody is left. */
  lost(): void {
    const { timers, members, step } = this.#parts;
    if (this.#seeds.size === 0 || members.present > 1 || timers.when("seeds") !== undefined) return;
    timers.set("seeds", step.now + this.#pauseMs);
  }

  stop(): void {
    this.#parts.timers.cancel("seeds");
    this.#reset();
  }

  /** Dials the addresses of a command; what is none is refused. */
  join(addresses: readonly string[]): void {
    const { step, setup } = this.#parts;
    for (const address of addresses.slice(0, setup.limits.seeds)) {
      const endpoint = parseNamedEndpoint(address);
      if (!endpoint) step.emit({ type: "refused", command: "join", reason: `${address} is no address` });
      else this.#dial({ endpoint, isDialling: false, wasReached: false, wasTold: false });
    }
  }

  #add(endpoint: Endpoint): void {
    const { host, port } = this.#parts.self.endpoint;
    if (endpoint.host === host && endpoint.port === port) return;
    const seed = { endpoint, isDialling: false, wasReached: false, wasTold: false };
    this.#seeds.set(formatEndpoint(endpoint), seed);
  }

  #dial(seed: Seed): void {
    const { step } = this.#parts;
    const address = formatEndpoint(seed.endpoint);
    seed.isDialling = true;
    this.#pushPull.exchange(seed.endpoint, true, (outcome, members) => {
      seed.isDialling = false;
      if (outcome.ok) {
        seed.wasReached = true;
        seed.wasTold = false;
        step.emit({ type: "reached", address, members });
      } else if (!seed.wasTold) {
        seed.wasTold = true;
        step.emit({ type: "unreachable", address, reason: outcome.reason });
      }
    });
  }

  #reset(): void {
    this.#pauseMs = this.#parts.setup.limits.seedFirstMs;
  }
}

interface Seed {
  readonly endpoint: Endpoint;
  isDialling: boolean;
  wasReached: boolean;
  /** That it cannot be reached was told. */
  wasTold: boolean;
}
