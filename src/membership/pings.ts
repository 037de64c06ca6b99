import type { Endpoint } from "#base/endpoint.ts";
import { endpointOf, type Member } from "#membership/member.ts";
import type { Parts } from "#membership/parts.ts";
import type { Sender } from "#membership/sender.ts";
import type { Ack, IndirectPing, Nack, Ping } from "#wire/memberlist/messages.ts";
import { encodeMessage } from "#wire/memberlist/packet.ts";

/** Who waits for the answer to a ping. */
export interface Waiting {
  ack(payload: Uint8Array | undefined): void;
  nack?(): void;
}

/** A member asked for a nack gets it at this part of the probe timeout: in time for its own window, unlike memberlist's. */
const NACK_AT = 0.8;

/** Pings in both directions: numbers them, finds who waits for an answer, answers those of others and probes for them. */
export class Pings {
  readonly #parts: Parts;
  readonly #sender: Sender;
  readonly #waiting = new Map<number, Waiting>();
  readonly #relays = new Map<number, Relay>();
  /** From 1 on, and so short: to guess one helps nobody who could not claim anything else as well. */
  #sequence = 0;

  constructor(parts: Parts, sender: Sender) {
    this.#parts = parts;
    this.#sender = sender;
  }

  /** A number for a new ping. */
  expect(waiting: Waiting): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#waiting.set(this.#sequence, waiting);
    return this.#sequence;
  }

  forget(sequence: number): void {
    this.#waiting.delete(sequence);
  }

  message(node: string, sequenceNumber: number): Uint8Array {
    return encodeMessage({ type: "ping", body: { node, sequenceNumber, ...this.#source() } });
  }

  indirectMessage(member: Member, sequenceNumber: number, nack: boolean): Uint8Array {
    const { name: node, port, address: target } = member;
    const body = { nack, node, port, sequenceNumber, target, ...this.#source() };
    return encodeMessage({ type: "indirectPing", body });
  }

  ack({ sequenceNumber, payload }: Ack): void {
    const waiting = this.#waiting.get(sequenceNumber);
    if (!waiting) return this.#parts.step.count("ignored: an answer that nobody waits for");
    this.#waiting.delete(sequenceNumber);
    waiting.ack(payload);
  }

  nack({ sequenceNumber }: Nack): void {
    this.#waiting.get(sequenceNumber)?.nack?.();
  }

  /** Answers a ping, if it is for us. */
  ping(ping: Ping, from: Endpoint): void {
    const { self, step, application } = this.#parts;
    if (ping.node !== "" && ping.node !== self.name) return step.count("ignored: a ping for another node");
    const payload = application?.ackPayload();
    const body = { sequenceNumber: ping.sequenceNumber, payload };
    this.#sender.send(this.#replyTo(ping, from), encodeMessage({ type: "ack", body }));
  }

  /** Probes a member for another. Only members: nobody shall use us to knock elsewhere. */
  relay(request: IndirectPing, from: Endpoint): void {
    const { members, step, timers, setup } = this.#parts;
    const target = members.get(request.node);
    if (!target) return step.count("ignored: a probe of an unknown node");
    if (this.#relays.size >= setup.limits.relays) return step.count("refused: too many probes for others");
    const to = this.#replyTo(request, from);
    const { probeTimeoutMs, probeIntervalMs } = setup.profile;
    const sequence = this.expect({ ack: () => this.#relayed(sequence) });
    this.#relays.set(sequence, { to, sequence: request.sequenceNumber });
    this.#sender.send(target.endpoint, this.message(target.name, sequence));
    if (request.nack) timers.set(`nack ${sequence}`, step.now + NACK_AT * probeTimeoutMs);
    timers.set(`relay ${sequence}`, step.now + probeIntervalMs);
    step.count("probes for others");
  }

  nackDue(sequence: number): void {
    const relay = this.#relays.get(sequence);
    if (!relay) return;
    const body = { sequenceNumber: relay.sequence };
    this.#sender.send(relay.to, encodeMessage({ type: "nack", body }));
  }

  relayDue(sequence: number): void {
    this.#relays.delete(sequence);
    this.forget(sequence);
  }

  #relayed(sequence: number): void {
    const relay = this.#relays.get(sequence)!;
    this.#relays.delete(sequence);
    this.#parts.timers.cancel(`nack ${sequence}`);
    this.#parts.timers.cancel(`relay ${sequence}`);
    const body = { sequenceNumber: relay.sequence };
    this.#sender.send(relay.to, encodeMessage({ type: "ack", body }));
  }

  #source(): { sourceAddress: Uint8Array; sourceNode: string; sourcePort: number } {
    const { address, name, port } = this.#parts.self;
    return { sourceAddress: address, sourceNode: name, sourcePort: port };
  }

  /** Where the sender says it is reached; very old peers do not say. */
  #replyTo(ping: Ping, from: Endpoint): Endpoint {
    const { sourceAddress, sourcePort = 0 } = ping;
    return (sourceAddress && endpointOf(sourceAddress, sourcePort, this.#parts.isLoopback)) ?? from;
  }
}

interface Relay {
  readonly to: Endpoint;
  /** The number that the other one waits for. */
  readonly sequence: number;
}
