import { formatIpv4 } from "#base/ipv4.ts";
import type { Log } from "#host/log.ts";
import type { OspfEvent } from "#ospf/io.ts";
import type { EventDetail } from "#services/events.ts";

/** Tells people what happens to neighbors. */
export class OspfLog {
  readonly #log: Log<EventDetail>;

  constructor(log: Log<EventDetail>) {
    this.#log = log;
  }

  tell(event: Exclude<OspfEvent, { readonly type: "routes" }>): void {
    switch (event.type) {
      case "neighbor": {
        const { interface: name, from, to, reason } = event;
        const [routerId, address] = [formatIpv4(event.routerId), formatIpv4(event.address)];
        // Those who only greet each other tell little; an adjacency that comes or goes tells much.
        const isNews = to === "Full" || from === "Full" || (to === "Down" && from !== "Init");
        const level = isNews ? "info" : "debug";
        const text = `neighbor ${routerId} on ${name} (${address}): ${from} -> ${to}, ${reason}`;
        const detail = {
          type: "ospf-neighbor",
          interface: name,
          routerId,
          address,
          from,
          to,
          reason,
        } as const;
        return this.#log.publish(level, text, detail);
      }
      case "interface": {
        const { interface: name, from, to } = event;
        const detail = { type: "ospf-interface", interface: name, from, to } as const;
        return this.#log.publish("info", `${name}: ${from} -> ${to}`, detail);
      }
      case "mismatch": {
        const { interface: name, text } = event;
        const [routerId, address] = [formatIpv4(event.routerId), formatIpv4(event.address)];
        const who = event.address === 0 ? "" : `${routerId} (${address}): `;
        const detail = { type: "ospf-mismatch", interface: name, routerId, address, text } as const;
        return this.#log.publish("warn", `${name}: ${who}${text}`, detail);
      }
      case "limit":
        return this.#log.publish("warn", event.text);
    }
  }
}
