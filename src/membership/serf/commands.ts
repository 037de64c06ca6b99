import type { Hearing } from "#membership/serf/hearing.ts";
import type { Begun, Inquiries, Inquiry } from "#membership/serf/inquiries.ts";
import type { RunningQuery, SerfCommand } from "#membership/serf/io.ts";
import { INTERNAL_PREFIX, OWN_EVENT_PREFIX, SERF_LIMITS } from "#membership/serf/limits.ts";
import type { SerfParts } from "#membership/serf/parts.ts";
import type { Questions } from "#membership/serf/questions.ts";
import { decodeKeyResponse, encodeKeyRequest, type SerfKeyResponse } from "#wire/memberlist/serf-answers.ts";
import { encodeSerf } from "#wire/memberlist/serf.ts";

type Command<Type extends SerfCommand["type"]> = Extract<SerfCommand, { readonly type: Type }>;

/** What the operator says and asks. What goes to all is heard by ourselves first, as if another one had said it. */
export class Commands {
  readonly #parts: SerfParts;
  readonly #inquiries: Inquiries;
  readonly #questions: Questions;
  readonly #hearing: Hearing;
  /** Running queries of the operator, by the number that they were given. */
  readonly #numbers = new Map<number, Inquiry>();

  constructor(parts: SerfParts, inquiries: Inquiries, questions: Questions, hearing: Hearing) {
    this.#parts = parts;
    this.#inquiries = inquiries;
    this.#questions = questions;
    this.#hearing = hearing;
  }

  event({ name, payload, coalesce }: Command<"event">): void {
    const { clock } = this.#parts.events;
    const body = { name, coalesce, ltime: BigInt(clock.time), ...(payload.length > 0 && { payload }) };
    const raw = encodeSerf({ type: "event", body });
    const { eventBytes, ownEventBytes } = SERF_LIMITS;
    const most = name.startsWith(OWN_EVENT_PREFIX) ? ownEventBytes : eventBytes;
    if (raw.length > most)
      return this.refuse("event", `it takes ${raw.length} bytes on the wire, more than ${most}`);
    this.#hearing.event(body, raw);
  }

  query(command: Command<"query">): void {
    const { id, name } = command;
    if (name.startsWith(INTERNAL_PREFIX) && name !== `${INTERNAL_PREFIX}ping`)
      return this.refuse("query", `names that start with ${INTERNAL_PREFIX} are Serf's own`);
    const { step } = this.#parts;
    this.#numbered(command, {
      ...command,
      acknowledged: (from) => step.emit({ type: "query-acknowledged", id, from }),
      answered: (from, payload) => step.emit({ type: "query-answered", id, from, payload }),
    });
  }

  respond(query: number, payload: Uint8Array): void {
    const problem = this.#questions.respond(query, payload);
    if (problem !== undefined) this.refuse("respond", problem);
  }

  keyring(command: Command<"keyring">): void {
    const { id, action, key } = command;
    const { ring, step } = this.#parts;
    if (ring.keys.length === 0) return this.refuse("keyring", "encryption is not on here");
    const isList = action === "list";
    if (!isList && ![16, 24, 32].includes(key.length))
      return this.refuse("keyring", `a key of ${key.length} bytes, not 16, 24 or 32`);
    this.#numbered(command, {
      name: `${INTERNAL_PREFIX}${isList ? "list-keys" : `${action}-key`}`,
      payload: encodeKeyRequest(isList ? NOTHING : key),
      answered: (from, payload) => {
        const { result: ok, message, keys = [] } = decodeKeyResponse(payload) ?? NO_ANSWER;
        step.emit({ type: "keyring-answered", id, from, ok, message, keys });
      },
    });
  }

  /** Asks all. */
  begin(inquiry: Inquiry): Begun {
    const begun = this.#inquiries.begin(inquiry);
    if (begun.ok) this.#hearing.query(begun.body, begun.raw);
    return begun;
  }

  running(): readonly RunningQuery[] {
    return [...this.#numbers].map(([id, inquiry]) => ({ id, ...this.#inquiries.progress(inquiry)! }));
  }

  refuse(command: SerfCommand["type"], reason: string): void {
    this.#parts.step.emit({ type: "refused", command, reason });
  }

  #numbered({ type, id }: Command<"query" | "keyring">, asked: Omit<Inquiry, "ended">): void {
    const { step } = this.#parts;
    if (this.#numbers.has(id)) return this.refuse(type, `there is a query ${id} already`);
    const inquiry: Inquiry = {
      ...asked,
      ended: (acknowledgements, answers) => {
        this.#numbers.delete(id);
        step.emit({ type: "query-ended", id, acknowledgements, answers });
      },
    };
    this.#numbers.set(id, inquiry);
    const begun = this.begin(inquiry);
    if (begun.ok) return;
    this.#numbers.delete(id);
    this.refuse(type, begun.reason);
  }
}

const NO_ANSWER: SerfKeyResponse = { result: false, message: "an answer that is none", primaryKey: "" };
const NOTHING = new Uint8Array(0);
