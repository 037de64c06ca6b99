import { safeText } from "#base/safe-text.ts";
import type { FactValue } from "#packet/codec.ts";
import type { Packet } from "#packet/dissect.ts";
import type { PacketFact } from "#packet/facts.ts";
import { hexText } from "#packet/primitive.ts";
import { frameTime, type Frame } from "#packet/query/frame.ts";
import { secondsText } from "#packet-tools/row.ts";

/** A packet as one line of JSON: every layer with all its values, bytes as hexadecimal digits. */
export function packetJson(packet: Packet, frame: Frame): string {
  const time = frameTime(frame);
  const layers = packet.layers.map(({ message, start, headerEnd, values }) => ({
    protocol: message.protocol,
    bytes: [start - packet.start, headerEnd - packet.start],
    values,
  }));
  const problems = packet.problems.map(({ kind, error, at }) => ({ kind, error, at: at - packet.start }));
  const whole = {
    number: frame.number,
    ...(time !== undefined && { time: secondsText(time) }),
    length: frame.length,
    ...(frame.capturedLength !== frame.length && { captured: frame.capturedLength }),
    layers,
    ...(problems.length > 0 && { problems }),
  };
  return JSON.stringify(whole, (_, value: unknown) => {
    if (value instanceof Uint8Array) return hexText(value);
    return typeof value === "bigint" ? String(value) : value;
  });
}

/** A fact's value as tab-separated tables have it; safe for a terminal. */
export function factText({ value, type }: PacketFact): string {
  if (value === undefined) return "1";
  if (type === "protocol") return "1";
  return plainText(value);
}

function plainText(value: FactValue): string {
  return value instanceof Uint8Array ? hexText(value, 0, value.length, ":") : safeText(String(value));
}
