import { safeText } from "#base/safe-text.ts";
import { decodeUtf8 } from "#base/utf8.ts";
import type { Clock } from "#host/clock.ts";
import type { Log, LogLevel } from "#host/log.ts";
import type { KeyValueChange } from "#membership/key-values-io.ts";
import type { EventDetail, MemberDetail, MemberMessageDetail } from "#services/events.ts";
import type { MemberStatus } from "#services/membership-api.ts";
import { RateLimit } from "#services/packets-rate.ts";

/** Tells people what happens among the members. */
export class MembershipLog {
  readonly #log: Log<EventDetail>;
  readonly #rate: RateLimit;
  readonly #memberRate: RateLimit;
  #leftOut = 0;

  constructor(log: Log<EventDetail>, clock: Pick<Clock, "now">) {
    this.#log = log;
    this.#rate = new RateLimit(clock, TOLD_AT_ONCE, TOLD_PER_SECOND);
    this.#memberRate = new RateLimit(clock, TOLD_AT_ONCE, TOLD_PER_SECOND);
  }

  /** `reason` of what is suspected or failed. In masses it is for those who watch, and no news for people any more. */
  member(news: MemberDetail["news"], member: MemberStatus, reason = ""): void {
    const { name, address } = member;
    const why = reason === "" ? "" : `: ${reason}`;
    const isTooMuch = LEVELS[news] !== "debug" && this.#memberRate.take(1) === 0;
    const level = isTooMuch ? "debug" : LEVELS[news];
    this.#log.publish(level, `${name} (${address}) ${WORDS[news]}${why}`, {
      ...{ type: "member", news, reason },
      ...{ name, address, state: member.state, own: member.own },
    });
  }

  conflict(member: MemberStatus, claimant: string): void {
    const { name, address, own, state } = member;
    const remedy = own
      ? "give one of the two another membership.name"
      : state === "failed"
        ? "if it has moved there, it is taken when membership.reclaim-after is over"
        : "give one of the two another name in its configuration";
    const text = own
      ? `${claimant} claims this member's name ${name}; ${remedy}`
      : `${claimant} claims to be ${name}, which is at ${address}; ${remedy}`;
    const detail = { type: "member", news: "conflict", name, address, own, state } as const;
    this.#log.publish(own ? "error" : "warn", text, { ...detail, reason: claimant });
  }

  userEvent(name: string, payload: Uint8Array, from: string): void {
    const who = from === "" ? "" : ` from ${from}`;
    const text = payload.length === 0 ? "" : `: ${shown(payload)}`;
    this.#message(`event ${safeText(name)}${who}${text}`, {
      ...{ type: "member-event", name, payload: kept(payload), from },
    });
  }

  query(name: string, payload: Uint8Array, from: string, answer: string | undefined): void {
    const text = payload.length === 0 ? "" : `: ${shown(payload)}`;
    const answered = answer === undefined ? "" : `, answered ${safeText(answer)}`;
    this.#message(`query ${safeText(name)} from ${from}${text}${answered}`, {
      ...{ type: "member-query", name, payload: kept(payload), from, answered: answer !== undefined },
    });
  }

  value({ key, text, by }: KeyValueChange, own: boolean): void {
    const who = own ? "" : by === "" ? " by a member" : ` by ${by}`;
    const line = text === undefined ? `${safeText(key)} was removed` : `${safeText(key)} = ${safeText(text)}`;
    this.#message(`broadcast ${line}${text === undefined ? who : who && `, set${who}`}`, {
      ...{ type: "member-value", key, text: text ?? "", isRemoved: text === undefined, by, own },
    });
  }

  /** What members send must not push all else out of the log. */
  #message(text: string, detail: MemberMessageDetail): void {
    if (this.#rate.take(1) === 0) {
      this.#leftOut++;
      return;
    }
    const missing = this.#leftOut === 0 ? "" : ` (${this.#leftOut} messages before it were left out)`;
    this.#leftOut = 0;
    this.#log.publish("info", text + missing, detail);
  }
}

/** Of its own, and not more than a log is for. */
function kept(payload: Uint8Array): Uint8Array {
  return payload.slice(0, MOST_KEPT_BYTES);
}

/** A payload as people can read it: as text where it is, else in hex. */
function shown(payload: Uint8Array): string {
  const text = decodeUtf8(payload.subarray(0, MOST_SHOWN_BYTES));
  const cut = payload.length > MOST_SHOWN_BYTES ? ` … (${payload.length} bytes)` : "";
  if (!text.includes("\ufffd")) return safeText(text) + cut;
  return `0x${Array.from(payload.subarray(0, MOST_SHOWN_BYTES / 2), hexByte).join("")}${cut}`;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

const MOST_SHOWN_BYTES = 256;
/** Of a payload in an event: those that come in packets are smaller. */
const MOST_KEPT_BYTES = 4_096;
/** Events, queries and broadcasts of members in the log at once, and then each second; the same of what members do. */
const TOLD_AT_ONCE = 200;
const TOLD_PER_SECOND = 10;

const WORDS: Readonly<Record<MemberDetail["news"], string>> = {
  joined: "has joined",
  updated: "tells something new of itself",
  recovered: "is back",
  suspected: "is suspected",
  failed: "has failed",
  left: "has left",
  conflict: "has a rival",
};

/** Announcements are renewed all the time, and most suspicions are answered. */
const LEVELS: Readonly<Record<MemberDetail["news"], LogLevel>> = {
  joined: "info",
  updated: "debug",
  recovered: "info",
  suspected: "debug",
  failed: "warn",
  left: "info",
  conflict: "warn",
};
