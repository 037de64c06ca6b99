import assert from "node:assert/strict";
import { test } from "node:test";
import type { Core } from "#machine/core.ts";
import type { MembershipEvent, MembershipInput, MembershipOutput } from "#membership/io.ts";
import { Membership } from "#membership/membership.ts";
import { World } from "#sim/world.ts";
import { PORT, setupOf } from "./membership-world.ts";
import { seeds } from "./seeds.ts";

/** A member that passes on what it hears for the first time, as applications of memberlist do. */
class Relay implements Core<MembershipInput, MembershipOutput> {
  readonly membership: Membership;
  readonly heard = new Map<string, number>();

  constructor(membership: Membership) {
    this.membership = membership;
  }

  get wakeAt(): number {
    return this.membership.wakeAt;
  }

  handle(input: MembershipInput, now: number): readonly MembershipOutput[] {
    const outputs = this.membership.handle(input, now);
    const relayed = outputs.flatMap((output) => {
      if (output.type !== "event" || output.event.type !== "user") return [];
      const { payload } = output.event;
      const key = payload.join(".");
      if (this.heard.has(key)) return [];
      this.heard.set(key, now);
      return this.membership.handle({ type: "broadcast", payload, key }, now);
    });
    return [...outputs, ...relayed];
  }
}

for (const seed of seeds(2, 0).concat(seeds(2, 1)))
  test(`broadcasts that each passes on reach all of 100 at 10 % loss (seed ${seed})`, (context) => {
    const world = new World<MembershipInput, MembershipEvent, Relay>({ seed, loss: 0.1, latencyMs: [1, 20] });
    for (let i = 0; i < 100; i++)
      world.add(({ id, host, random }) => new Relay(new Membership(...setupOf(id, host, random, [0]))), {
        streams: PORT,
        datagrams: PORT,
      });
    world.run(20_000);
    const began = world.now;
    // As many at once as never fit a packet.
    for (let i = 0; i < 50; i++)
      world.push(i, { type: "broadcast", payload: Uint8Array.from({ length: 100 }, () => i) });
    world.run(20_000);
    const times: number[] = [];
    for (const { id, core } of world.nodes) {
      const heard = core!.heard;
      for (let i = 0; i < 50; i++) {
        const at = heard.get(Array.from({ length: 100 }, () => i).join("."));
        // Its own comes back too, but need not.
        if (i !== id) assert.ok(at !== undefined, `n${id} has not heard ${i}`);
        if (at !== undefined && i !== id) times.push(at - began);
      }
    }
    times.sort((a, b) => a - b);
    const shown = [0.5, 0.99, 1].map((share) => times[Math.floor(share * (times.length - 1))]!.toFixed(0));
    context.diagnostic(
      `50 broadcasts, each to 99: median ${shown[0]} ms, p99 ${shown[1]}, worst ${shown[2]}`,
    );
  });
