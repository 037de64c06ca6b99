import type { Comparable } from "#packet/query/checked.ts";

/** What is known of a packet beside its bytes. All but the lengths may be left out; then no query on them matches. */
export interface Frame {
  /** From 1. */
  readonly number?: number;
  /** When it was captured: seconds since 1970, and nanoseconds on top. */
  readonly seconds?: number | undefined;
  readonly nanoseconds?: number;
  /** When the first packet, and the one before, was captured, ns since 1970. */
  readonly firstTime?: bigint | undefined;
  readonly previousTime?: bigint;
  readonly length: number;
  readonly capturedLength: number;
  readonly interfaceIndex?: number | undefined;
  readonly interfaceName?: string | undefined;
  readonly interfaceDescription?: string | undefined;
  /** LINKTYPE_ value of the interface. */
  readonly linkType?: number;
  readonly comments?: readonly string[];
}

/** What is to be filled in for one live packet after the other; the first time once there is a first. */
export function newFrame(): LiveFrame {
  return { number: 0, seconds: 0, nanoseconds: 0, length: 0, capturedLength: 0, firstTime: undefined };
}

export interface LiveFrame extends Frame {
  number: number;
  seconds: number;
  nanoseconds: number;
  length: number;
  capturedLength: number;
  firstTime: bigint | undefined;
}

/** Nanoseconds since 1970. */
export function frameTime(frame: Frame): bigint | undefined {
  if (frame.seconds === undefined) return undefined;
  return BigInt(frame.seconds) * 1_000_000_000n + BigInt(frame.nanoseconds ?? 0);
}

/** The values of a field named frame.*, other than the protocols. */
export function frameValues(frame: Frame, name: string): readonly Comparable[] {
  const time = (since: bigint | undefined): readonly Comparable[] => {
    const at = frameTime(frame);
    return at === undefined || since === undefined ? [] : [at - since];
  };
  switch (name) {
    case "frame.number":
      return frame.number === undefined ? [] : [frame.number];
    case "frame.len":
      return [frame.length];
    case "frame.cap_len":
      return [frame.capturedLength];
    case "frame.time":
    case "frame.time_epoch":
      return time(0n);
    case "frame.time_relative":
      return time(frame.firstTime ?? frameTime(frame));
    case "frame.time_delta":
      return time(frame.previousTime ?? frameTime(frame));
    case "frame.interface_id":
      return frame.interfaceIndex === undefined ? [] : [frame.interfaceIndex];
    case "frame.interface_name":
      return frame.interfaceName === undefined ? [] : [frame.interfaceName];
    case "frame.interface_description":
      return frame.interfaceDescription === undefined ? [] : [frame.interfaceDescription];
    case "frame.encap_type": {
      const encapsulation = ENCAPSULATIONS.get(frame.linkType ?? -1);
      return encapsulation === undefined ? [] : [encapsulation];
    }
    case "frame.offset_shift":
      return [0n];
    case "frame.marked":
    case "frame.ignored":
      return [0];
    case "frame.comment":
      return frame.comments ?? [];
    default:
      return [];
  }
}

/** Wireshark's own numbers of the link types that are read here: WTAP_ENCAP_ values (wiretap/wtap.h). */
const ENCAPSULATIONS: ReadonlyMap<number, number> = new Map([
  [0, 15],
  [1, 1],
  [101, 7],
  [108, 174],
  [113, 25],
  [276, 210],
]);
