import { highestProtocol, isPresent, viewOf, type Member } from "#membership/member.ts";
import type { Parts } from "#membership/parts.ts";
import type { Pings } from "#membership/pings.ts";
import type { Records } from "#membership/records.ts";
import type { Sender } from "#membership/sender.ts";
import { encodeMessage } from "#wire/memberlist/packet.ts";

/** From these versions on a node answers pings in streams, and sends nacks. */
const STREAM_PING_PROTOCOL = 3;
const NACK_PROTOCOL = 4;

/** Asks a member over a stream; the answer is told within `timeoutMs`, or never. */
export type StreamPing = (member: Member, sequence: number, timeoutMs: number, answered: () => void) => void;

/**
 * Finds members that do not answer. One after the other is pinged, all of them in each lap and each lap in another order.
 * Who does not answer in time is pinged by some others for us, and over a stream; after that it is suspected.
 */
export class Prober {
  readonly #parts: Parts;
  readonly #pings: Pings;
  readonly #sender: Sender;
  readonly #records: Records;
  readonly #streamPing: StreamPing;
  #probe: Probe | undefined;

  constructor(parts: Parts, pings: Pings, sender: Sender, records: Records, streamPing: StreamPing) {
    this.#parts = parts;
    this.#pings = pings;
    this.#sender = sender;
    this.#records = records;
    this.#streamPing = streamPing;
  }

  /** The first probe comes at a random time, so that nodes that started together do not probe together. */
  start(): void {
    const { timers, step, setup, random } = this.#parts;
    timers.set("probe", step.now + random.float() * setup.profile.probeIntervalMs);
  }

  stop(): void {
    this.abandon();
    this.#parts.timers.cancel("probe");
  }

  /** Gives a probe up without a verdict. */
  abandon(): void {
    if (!this.#probe) return;
    this.#pings.forget(this.#probe.sequence);
    this.#end();
  }

  /** Time for the next one; the one before may still be under way, which then decides when. */
  due(): void {
    const { timers, step, setup, health } = this.#parts;
    const { probeIntervalMs, probeTimeoutMs } = setup.profile;
    timers.set("probe", step.now + probeIntervalMs);
    if (this.#probe) return;
    const member = this.#next();
    if (!member) return;
    const sequence = this.#pings.expect({
      ack: (payload) => this.#answered(probe, payload),
      nack: () => void probe.nacks++,
    });
    const endsAt = step.now + health.scale(probeIntervalMs);
    const probe: Probe = {
      ...{ member, sequence, startedAt: step.now, endsAt },
      nacks: 0,
      expectedNacks: 0,
      isIndirect: false,
    };
    this.#probe = probe;
    timers.set("probe-timeout", step.now + probeTimeoutMs);
    timers.set("probe-end", endsAt);
    step.count("probes");
    this.#ping(member, sequence);
  }

  /** No answer yet: by other ways, all at once. */
  timeout(): void {
    const probe = this.#probe;
    if (!probe) return;
    const { members, self, setup, step } = this.#parts;
    const { member, sequence } = probe;
    probe.isIndirect = true;
    step.count("probes by other ways");
    const isHelper = (each: Member): boolean => each !== member && each !== self && each.state === "alive";
    for (const helper of members.sample(setup.profile.indirectChecks, isHelper)) {
      const nack = highestProtocol(helper) >= NACK_PROTOCOL;
      if (nack) probe.expectedNacks++;
      this.#sender.send(helper.endpoint, this.#pings.indirectMessage(member, sequence, nack));
    }
    if (highestProtocol(member) < STREAM_PING_PROTOCOL) return;
    this.#streamPing(member, sequence, probe.endsAt - step.now, () => {
      if (this.#probe !== probe) return;
      step.count("answers in streams only");
      this.#pings.forget(sequence);
      this.#answered(probe, undefined);
    });
  }

  /** No answer at all. */
  windowClosed(): void {
    const probe = this.#probe;
    if (!probe) return;
    const { self, health, step } = this.#parts;
    const { member, expectedNacks, nacks, sequence } = probe;
    this.#pings.forget(sequence);
    this.#end();
    // Helpers that are silent too say that it is we who do not hear.
    health.change(expectedNacks > 0 ? Math.max(0, expectedNacks - nacks) : 1);
    if (!isPresent(member)) return;
    step.count("failed probes");
    const { name: node, incarnation } = member;
    this.#records.suspect({ node, incarnation, from: self.name }, "does not answer");
  }

  #ping(member: Member, sequence: number): void {
    const ping = this.#pings.message(member.name, sequence);
    if (member.state !== "suspect") return this.#sender.send(member.endpoint, ping);
    // It shall hear first what it is suspected of (Lifeguard, buddy system).
    const { incarnation, name: node } = member;
    const body = { from: this.#parts.self.name, incarnation, node };
    this.#sender.sendTogether(member.endpoint, [ping, encodeMessage({ type: "suspect", body })], member);
  }

  #next(): Member | undefined {
    const { members, self } = this.#parts;
    const isWanted = (member: Member): boolean => member !== self && isPresent(member);
    for (let laps = 0; laps < 2; laps++) {
      for (let member = members.nextOfLap(); member; member = members.nextOfLap())
        if (isWanted(member)) return member;
      this.#records.reap();
    }
    return undefined;
  }

  #answered(probe: Probe, payload: Uint8Array | undefined): void {
    const { health, step, application } = this.#parts;
    if (this.#probe !== probe) return;
    const { member, isIndirect, startedAt } = probe;
    this.#end();
    health.change(-1);
    this.#records.answered(member);
    if (isIndirect) return;
    member.roundTripMs = step.now - startedAt;
    application?.pinged(viewOf(member), member.roundTripMs, payload);
  }

  #end(): void {
    this.#probe = undefined;
    this.#parts.timers.cancel("probe-timeout");
    this.#parts.timers.cancel("probe-end");
  }
}

interface Probe {
  readonly member: Member;
  readonly sequence: number;
  readonly startedAt: number;
  readonly endsAt: number;
  nacks: number;
  expectedNacks: number;
  isIndirect: boolean;
}
