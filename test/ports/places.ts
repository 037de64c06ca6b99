import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "#host/host.ts";
import { World } from "#sim/world.ts";
import { systemHost } from "#system/host.ts";

/** Two machines that reach each other, and how time passes for them. */
export interface Place {
  readonly a: Machine;
  readonly b: Machine;
  /** Lets time pass until `done`; fails with `what` when it does not come to be within some seconds. */
  until(done: () => boolean, what: string): Promise<void>;
  /** Lets so many milliseconds pass. */
  pass(durationMs: number): Promise<void>;
}

export interface Machine extends Host {
  /** An IP address of it that the other one reaches. */
  readonly address: string;
}

/** The real machine, twice: it talks to itself. */
function systemPlace(): Place {
  const machine = { ...systemHost(), address: "127.0.0.1" };
  return {
    a: machine,
    b: machine,
    until: async (done, what) => {
      const limit = performance.now() + 10_000;
      while (!done()) {
        assert.ok(performance.now() < limit, `never came: ${what}`);
        await sleep(2);
      }
    },
    pass: async (durationMs) => void (await sleep(durationMs)),
  };
}

/** Two simulated machines. */
function simulatedPlace(): Place {
  const world = new World({ seed: 1, latencyMs: [0.1, 1] });
  const machine = (address: string): Machine => ({ ...world.addHost(address), address });
  return {
    a: machine("10.0.0.1"),
    b: machine("10.0.0.2"),
    until: async (done, what) => {
      for (let passed = 0; !done(); passed++) {
        assert.ok(passed < 10_000, `never came: ${what}`);
        world.run(1);
        // Promises (of listen and open) are settled between two moments.
        await sleep(0);
      }
    },
    pass: async (durationMs) => {
      world.run(durationMs);
      await sleep(0);
    },
  };
}

/** Runs one test of a port's promises on the real machine and in a World: what holds there must hold here. */
export function onEveryHost(name: string, run: (place: Place) => Promise<void>): void {
  test(`${name} (system)`, { timeout: 20_000 }, () => run(systemPlace()));
  test(`${name} (simulated)`, { timeout: 20_000 }, () => run(simulatedPlace()));
}
