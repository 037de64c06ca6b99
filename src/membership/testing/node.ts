import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { seededRandom } from "#base/random.ts";
import type { MembershipEvent, MembershipInput, MembershipOutput, MembershipSetup } from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { Membership } from "#membership/membership.ts";
import { PROFILES } from "#membership/profiles.ts";
import { simCipher } from "#sim/cipher.ts";
import { DEFAULT_VERSIONS } from "#wire/memberlist/messages.ts";
import {
  decodePacket,
  encodeMessage,
  type GossipMessage,
  type PacketMessage,
} from "#wire/memberlist/packet.ts";
import { withoutCrc } from "#wire/memberlist/wrapping.ts";

export const SETUP: MembershipSetup = {
  name: "self",
  address: "192.0.2.1:7946",
  meta: new Uint8Array(0),
  profile: PROFILES.lan,
  limits: DEFAULT_MEMBERSHIP_LIMITS,
  join: [],
  keys: [],
  acceptPlain: false,
  sendPlain: false,
  label: "",
  compression: false,
  protocol: 2,
  delegateVersions: [0, 0, 0],
  reclaimAfterMs: 0,
};

/** An alive message of the member "nX" at 192.0.2.X. */
export function aliveOf(x: number, incarnation: number, changes: object = {}): PacketMessage {
  const body = {
    ...{ node: `n${x}`, address: Uint8Array.of(192, 0, 2, x), port: 7946, incarnation },
    ...{ meta: undefined, versions: DEFAULT_VERSIONS, ...changes },
  };
  return { type: "alive", body };
}

/** What membership and the layer of Serf above it are to a test. */
interface Core<Input, Output> {
  readonly wakeAt: number;
  handle(input: Input, now: number): readonly Output[];
}

/** One core, by hand: a clock that the test moves, and what the core said. */
export class ByHand<Input, Event, Output extends { readonly type: string }, Its extends Core<Input, Output>> {
  readonly core: Its;
  readonly events: Event[] = [];
  readonly outputs: Output[] = [];
  now = 0;
  readonly #wake: Input;

  constructor(core: Its, wake: Input) {
    this.core = core;
    this.#wake = wake;
    this.put(wake);
  }

  put(input: Input): readonly Output[] {
    const outputs = this.core.handle(input, this.now);
    this.outputs.push(...outputs);
    for (const output of outputs) if (isEvent<Event>(output)) this.events.push(output.event);
    return outputs;
  }

  /** Lets time pass, with every wake. */
  run(ms: number): void {
    const end = this.now + ms;
    while (this.core.wakeAt <= end) {
      this.now = Math.max(this.now, this.core.wakeAt);
      this.put(this.#wake);
    }
    this.now = end;
  }
}

function isEvent<Event>(output: {
  readonly type: string;
}): output is { readonly type: "event"; readonly event: Event } {
  return output.type === "event";
}

/** A member by hand. */
export class TestNode extends ByHand<MembershipInput, MembershipEvent, MembershipOutput, Membership> {
  constructor(changes: Partial<MembershipSetup> = {}, seed = 1) {
    const core = new Membership({ ...SETUP, ...changes }, seededRandom(seed), simCipher(seededRandom(seed)));
    super(core, { type: "wake" });
  }

  packet(data: Uint8Array, x = 2): readonly MembershipOutput[] {
    return this.put({ type: "datagram", from: { host: `192.0.2.${x}`, port: 7946 }, data });
  }

  message(message: PacketMessage, x = 2): readonly MembershipOutput[] {
    return this.packet(encodeMessage(message), x);
  }

  /** Messages in packets since the last time that this was asked, with where they went. */
  takeSent(): { readonly to: string; readonly message: GossipMessage }[] {
    const sent = this.outputs.flatMap((output) =>
      output.type === "datagram" ? messagesIn(output.to, output.data) : [],
    );
    this.outputs.length = 0;
    return sent;
  }

  counted(reason: string): number {
    return this.core.counters().get(reason) ?? 0;
  }

  eventTypes(): string[] {
    return this.events.map((event) =>
      "member" in event ? `${event.type} ${event.member.name}` : event.type,
    );
  }
}

function messagesIn(to: Endpoint, data: Uint8Array): { to: string; message: GossipMessage }[] {
  const inside = withoutCrc(data);
  if (!inside.ok) throw new Error(inside.error);
  return decodePacket(inside.value).messages.map((message) => ({ to: formatEndpoint(to), message }));
}
