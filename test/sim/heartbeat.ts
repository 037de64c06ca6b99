import { seededRandom } from "#base/random.ts";
import type { Core } from "#machine/core.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";
import type { Endpoint } from "#base/endpoint.ts";

export type HeartbeatEvent = { readonly type: "alive" | "silent"; readonly host: string };
export type HeartbeatCommand = { readonly type: "watch"; readonly peer: Endpoint };

/** A toy protocol on datagrams: says "beat" every second to those it watches, and notices who has fallen silent. */
export class Heartbeat implements Core<HeartbeatCommand | WorldInput, WorldOutput<HeartbeatEvent>> {
  readonly #peers: Endpoint[] = [];
  readonly #heard = new Map<string, number>();
  wakeAt = 0;

  handle(input: HeartbeatCommand | WorldInput, now: number): readonly WorldOutput<HeartbeatEvent>[] {
    if (input.type === "watch") {
      this.#peers.push(input.peer);
      this.wakeAt = now;
      return [];
    }
    if (input.type === "datagram") {
      const { host } = input.from;
      const isNew = !this.#heard.has(host);
      this.#heard.set(host, now);
      return isNew ? [{ type: "event", event: { type: "alive", host } }] : [];
    }
    if (input.type !== "wake" || now < this.wakeAt) return [];
    this.wakeAt = now + 1_000;
    const beat = Uint8Array.from([seededRandom(now).below(256)]);
    const outputs: WorldOutput<HeartbeatEvent>[] = this.#peers.map((to) => ({
      type: "datagram",
      to,
      data: beat,
    }));
    for (const [host, at] of this.#heard) {
      if (now - at < 3_500) continue;
      this.#heard.delete(host);
      outputs.push({ type: "event", event: { type: "silent", host } });
    }
    return outputs;
  }
}
