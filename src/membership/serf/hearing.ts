import { isGoodName } from "#membership/claim.ts";
import { mergeState, type GossipState } from "#membership/serf/gossip-state.ts";
import type { Inquiries } from "#membership/serf/inquiries.ts";
import type { InternalQueries } from "#membership/serf/internal-queries.ts";
import { INTERNAL_PREFIX, SERF_LIMITS } from "#membership/serf/limits.ts";
import type { SerfParts } from "#membership/serf/parts.ts";
import type { Questions } from "#membership/serf/questions.ts";
import { decodeSerf, type SerfEvent, type SerfQuery } from "#wire/memberlist/serf.ts";

/** What hearing has to know of ourselves. */
export interface Presence {
  /** We do not leave. */
  isStaying(): boolean;
  sayJoined(): void;
}

/** What other members say: each message counts once, and who hears it first passes it on, as it came. */
export class Hearing {
  readonly #parts: SerfParts;
  readonly #state: GossipState;
  readonly #inquiries: Inquiries;
  readonly #questions: Questions;
  readonly #internal: InternalQueries;
  readonly #presence: Presence;

  constructor(
    parts: SerfParts,
    state: GossipState,
    inquiries: Inquiries,
    questions: Questions,
    internal: InternalQueries,
    presence: Presence,
  ) {
    this.#parts = parts;
    this.#state = state;
    this.#inquiries = inquiries;
    this.#questions = questions;
    this.#internal = internal;
    this.#presence = presence;
  }

  message(payload: Uint8Array): void {
    const { step, setup, roster } = this.#parts;
    const message = decodeSerf(payload, setup.limits.packetCodec);
    switch (message?.type) {
      case "join":
        return this.#join(message.body.node, roster.clock.read(message.body.ltime), payload);
      case "leave": {
        const { node, ltime, prune } = message.body;
        return this.#leave(node, roster.clock.read(ltime), prune, payload);
      }
      case "event":
        return this.event(message.body, payload);
      case "query":
        return this.query(message.body, payload);
      case "response":
        return this.#inquiries.take(message.body);
      case "relay":
        return this.#questions.relay(message.body, message.message);
    }
    step.count("bad Serf message");
  }

  /** Another member's state, from a push/pull. */
  merge(state: Uint8Array): void {
    const { setup, step } = this.#parts;
    mergeState(state, setup.limits.streamCodec, this.#state, step, {
      leave: (name, time) => this.#leftElsewhere(name, time),
      join: (name, time) => this.#join(name, time),
      event: (time, event) => this.event({ ...event, ltime: BigInt(time), coalesce: false }),
    });
  }

  /** `raw`: the message to pass on when it is new; without one it came in a push/pull. */
  event({ name, payload, ltime, coalesce }: SerfEvent, raw?: Uint8Array): void {
    const { step, events } = this.#parts;
    const time = events.clock.read(ltime);
    if (time === undefined) return step.count(TOO_FAR_AHEAD);
    if (isTooLong(name, payload)) return step.count("refused: a Serf event that is too long");
    const own = payload?.slice();
    const verdict = events.take(time, { name, payload: own });
    if (verdict !== "new") return step.count(`${verdict} Serf events`);
    if (raw) this.#passOn(raw);
    step.emit({ type: "user-event", name, payload: own ?? NOTHING, ltime: time, coalesce });
  }

  query(body: SerfQuery, raw: Uint8Array): void {
    if (isTooLong(body.name, body.payload))
      return this.#parts.step.count("refused: a Serf query that is too long");
    const { isNews, question } = this.#questions.take(body);
    if (isNews) this.#passOn(raw);
    if (!question) return;
    if (question.name.startsWith(INTERNAL_PREFIX)) return this.#internal.take(question);
    this.#questions.keep(question);
    const { number: query, name, payload, from, deadline } = question;
    this.#parts.step.emit({ type: "query-received", query, name, payload, from, deadline });
  }

  #join(name: string, time: number | undefined, raw?: Uint8Array): void {
    const { roster, step, setup } = this.#parts;
    if (time === undefined) return step.count(TOO_FAR_AHEAD);
    if (!isGoodName(name, setup.limits.nameBytes)) return step.count(BAD_NAME);
    if (roster.joinIntent(name, time, step.now) === "news" && raw) this.#passOn(raw);
  }

  #leave(name: string, time: number | undefined, prune: boolean, raw?: Uint8Array): void {
    const { roster, step, viewOf, setup } = this.#parts;
    if (time === undefined) return step.count(TOO_FAR_AHEAD);
    if (!isGoodName(name, setup.limits.nameBytes)) return step.count(BAD_NAME);
    const verdict = roster.leaveIntent({ name, time, prune }, this.#presence.isStaying(), step.now);
    if (verdict === "old") return;
    if (verdict === "refute") return this.#presence.sayJoined();
    if (raw) this.#passOn(raw);
    if (verdict !== "left") return;
    step.emit({ type: "left", member: viewOf(roster.get(name)!) });
    if (prune) roster.erase(name);
  }

  /** The time is one more than that of a join or leave: two that know of the leave must not drive each other's times up. */
  #leftElsewhere(name: string, time: number): void {
    const status = this.#parts.roster.get(name)?.status;
    if (status !== "left" && status !== "leaving") this.#leave(name, time, false);
  }

  #passOn(payload: Uint8Array): void {
    this.#parts.step.ask({ type: "broadcast", payload });
  }
}

function isTooLong(name: string, payload: Uint8Array | undefined): boolean {
  return name.length + (payload?.length ?? 0) > SERF_LIMITS.heardBytes;
}

const BAD_NAME = "refused: a join or leave of a bad name";
const TOO_FAR_AHEAD = "refused: a Lamport time too far ahead";
const NOTHING = new Uint8Array(0);
