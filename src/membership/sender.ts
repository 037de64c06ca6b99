import type { Endpoint } from "#base/endpoint.ts";
import { retransmitLimit } from "#membership/gossip-queue.ts";
import { highestProtocol, type Member } from "#membership/member.ts";
import type { Parts } from "#membership/parts.ts";
import { compressMessage, encodeCompound } from "#wire/memberlist/packet.ts";
import { MOST_COMPOUND_PARTS } from "#wire/memberlist/limits.ts";
import { withCrc } from "#wire/memberlist/wrapping.ts";

/** Of a compound: type and count, and the length of each part. */
const COMPOUND_BYTES = 2;
const PART_BYTES = 2;
const CRC_BYTES = 5;
/** Compression adds 16 bytes and more: less than that never gets smaller. */
const LEAST_COMPRESSED_BYTES = 100;
/** From this version on checksums are understood. */
const CRC_PROTOCOL = 5;

/** Puts messages into packets: together, compressed, with a checksum, encrypted and labelled, as the receiver takes it. */
export class Sender {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Bytes that the messages of one packet may have, besides what a compound adds. */
  get room(): number {
    const { setup, envelope } = this.#parts;
    return setup.limits.packetBytes - envelope.packetOverhead - CRC_BYTES;
  }

  /** A message, and behind it what news fit. */
  send(to: Endpoint, message: Uint8Array): void {
    const left = this.room - COMPOUND_BYTES - PART_BYTES - message.length;
    this.sendTogether(to, [message, ...this.#news(left, 1)]);
  }

  /** These messages in one packet; with a checksum when it is for a member that understands it. */
  sendTogether(to: Endpoint, messages: readonly Uint8Array[], member?: Member): void {
    const { setup, envelope, step } = this.#parts;
    let payload = messages.length === 1 ? messages[0]! : encodeCompound(messages);
    if (setup.compression && payload.length >= LEAST_COMPRESSED_BYTES) {
      const compressed = compressMessage(payload);
      if (compressed.length < payload.length) payload = compressed;
    }
    if (member && highestProtocol(member) >= CRC_PROTOCOL) payload = withCrc(payload);
    const data = envelope.sealPacket(payload);
    step.count("packets sent");
    step.count("bytes sent", data.length);
    step.outputs.push({ type: "datagram", to, data });
  }

  /** A packet of news for a member; false when there are none. */
  gossip(member: Member): boolean {
    const news = this.#news(this.room - COMPOUND_BYTES, 0);
    if (news.length > 0) this.sendTogether(member.endpoint, news, member);
    return news.length > 0;
  }

  /** Our own news first; the application's fill the rest. `before`: parts that the compound has already. */
  #news(room: number, before: number): Uint8Array[] {
    const { news, broadcasts, members, setup } = this.#parts;
    if (news.size === 0 && broadcasts.size === 0) return [];
    const limit = retransmitLimit(setup.profile.retransmitMultiplier, members.size);
    const most = MOST_COMPOUND_PARTS - before;
    const taken = news.take(room, PART_BYTES, limit, most);
    if (broadcasts.size === 0) return taken;
    const used = taken.reduce((sum, { length }) => sum + length + PART_BYTES, 0);
    return [...taken, ...broadcasts.take(room - used, PART_BYTES, limit, most - taken.length)];
  }
}
