import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { claimOf, isGoodName } from "#membership/claim.ts";
import type { Member } from "#membership/member.ts";
import type { Parts } from "#membership/parts.ts";
import type { Pings } from "#membership/pings.ts";
import type { PushPull } from "#membership/push-pull.ts";
import { Recognised } from "#membership/recognised.ts";
import type { Records } from "#membership/records.ts";
import type { Accusation } from "#membership/rules.ts";
import type { PlainStreamMessage } from "#membership/stream-reader.ts";
import type { Reply } from "#membership/streams.ts";
import { MESSAGE_TYPES } from "#wire/memberlist/messages.ts";
import { decodePacket, type GossipMessage } from "#wire/memberlist/packet.ts";
import { encodeStreamMessage } from "#wire/memberlist/stream.ts";
import { withoutCrc } from "#wire/memberlist/wrapping.ts";

/** What comes in: takes the layers off, counts what is wrong with it, and hands each message to whom it concerns. */
export class Messages {
  readonly #parts: Parts;
  readonly #records: Records;
  readonly #pings: Pings;
  readonly #recognised: Recognised;

  constructor(parts: Parts, records: Records, pings: Pings) {
    this.#parts = parts;
    this.#records = records;
    this.#pings = pings;
    this.#recognised = new Recognised(parts.random.next());
  }

  packet(from: Endpoint, data: Uint8Array): void {
    const { step, envelope } = this.#parts;
    step.count("packets received");
    step.count("bytes received", data.length);
    const opened = envelope.openPacket(data);
    if (!opened.ok) return step.countBad("bad packet", opened.error);
    const inside = withoutCrc(opened.value);
    if (!inside.ok) return step.countBad("bad packet", inside.error);
    for (const part of partsOf(inside.value)) this.#part(part, from);
  }

  #part(part: Uint8Array, from: Endpoint): void {
    const { step, setup } = this.#parts;
    const isNews = part[0]! >= MESSAGE_TYPES.suspect && part[0]! <= MESSAGE_TYPES.dead;
    if (isNews && this.#recognised.has(part)) return step.count("news that were known");
    const { messages, problems } = decodePacket(part, setup.limits.packetCodec);
    for (const problem of problems) step.countBad("bad packet", problem);
    for (const message of messages) {
      if (message.problem === undefined) this.#message(message, from, isNews);
      else step.countBad(`bad ${message.type}`, message.problem);
    }
  }

  /** A request in a stream; undefined when there is nothing to answer. */
  streamRequest(message: PlainStreamMessage, from: Endpoint, pushPull: PushPull): Reply | undefined {
    const { step, self, application } = this.#parts;
    switch (message.type) {
      case "pushPull":
        return pushPull.answer(message.body);
      case "user":
        this.#user(message.body.payload, from, true);
        return undefined;
      case "ping": {
        const { node, sequenceNumber } = message.body;
        if (node !== "" && node !== self.name) return step.count("ignored: a ping for another node");
        const body = { sequenceNumber, payload: application?.ackPayload() };
        return { bytes: encodeStreamMessage({ type: "ack", body }) };
      }
      case "ack":
      case "error":
        return step.count("ignored: an answer that nobody waits for");
    }
  }

  #message(message: GossipMessage, from: Endpoint, isNews: boolean): void {
    switch (message.type) {
      case "ping":
        return this.#pings.ping(message.body, from);
      case "indirectPing":
        return this.#pings.relay(message.body, from);
      case "ack":
        return this.#pings.ack(message.body);
      case "nack":
        return this.#pings.nack(message.body);
      case "user":
        return this.#user(message.body.payload, from, false);
    }
    const member = this.#news(message);
    if (member && isNews) this.#recognised.remember(member, this.#parts.members.size);
  }

  /** The member of which the same message again would change nothing. */
  #news(
    message: Extract<GossipMessage, { readonly type: "alive" | "suspect" | "dead" }>,
  ): Member | undefined {
    const { members } = this.#parts;
    if (message.type === "alive") {
      const isSettled = this.#records.alive(claimOf(message.body)) === "settled";
      return isSettled ? members.get(message.body.node) : undefined;
    }
    if (!this.#isPossible(message.body)) return undefined;
    if (message.type === "suspect") this.#records.suspect(message.body);
    else this.#records.dead(message.body);
    return members.get(message.body.node);
  }

  /** It is passed on as it came, so it must fit a packet with others. */
  #isPossible({ from, node }: Accusation): boolean {
    const { nameBytes } = this.#parts.setup.limits;
    if (isGoodName(from, nameBytes) && isGoodName(node, nameBytes)) return true;
    this.#parts.step.count("refused: an accusation with a bad name");
    return false;
  }

  #user(payload: Uint8Array, from: Endpoint, reliable: boolean): void {
    const { step } = this.#parts;
    step.count("user messages received");
    step.emit({ type: "user", payload: payload.slice(), from: formatEndpoint(from), reliable });
  }
}

/** The messages of a compound, still encoded; what is not a whole and simple one stays as it is. */
function partsOf(packet: Uint8Array): readonly Uint8Array[] {
  if (packet[0] !== MESSAGE_TYPES.compound || packet.length < 2) return [packet];
  const count = packet[1]!;
  const parts: Uint8Array[] = [];
  let at = 2 + 2 * count;
  for (let i = 0; i < count; i++) {
    const length = (packet[2 + 2 * i]! << 8) | packet[3 + 2 * i]!;
    if (length === 0 || at + length > packet.length) return [packet];
    parts.push(packet.subarray(at, at + length));
    at += length;
  }
  return parts;
}
