import { toBase64 } from "#base/base64.ts";
import { parseEndpoint } from "#base/endpoint.ts";
import { decodeUtf8 } from "#base/utf8.ts";
import { addressBytes } from "#membership/member.ts";
import { INTERNAL_PREFIX, SERF_LIMITS } from "#membership/serf/limits.ts";
import type { SerfParts } from "#membership/serf/parts.ts";
import type { Question, Questions } from "#membership/serf/questions.ts";
import type { RosterEntry, SerfStatus } from "#membership/serf/roster.ts";
import {
  decodeKeyRequest,
  encodeConflictResponse,
  encodeKeyResponse,
  type SerfMember,
} from "#wire/memberlist/serf-answers.ts";

const STATUS: Readonly<Record<SerfStatus, number>> = { alive: 1, leaving: 2, left: 3, failed: 4 };
/** Of a response around its payload: more than its fields take with the longest name. */
const RESPONSE_OVERHEAD = 330;

/** Answers the queries that Serf asks for itself. */
export class InternalQueries {
  readonly #parts: SerfParts;
  readonly #questions: Questions;
  readonly #changed: () => void;

  /** `changed`: our key ring is another one now. */
  constructor(parts: SerfParts, questions: Questions, changed: () => void) {
    this.#parts = parts;
    this.#questions = questions;
    this.#changed = changed;
  }

  take(question: Question): void {
    const { step } = this.#parts;
    switch (question.name.slice(INTERNAL_PREFIX.length)) {
      case "ping":
        return; // the acknowledgement is the answer
      case "conflict":
        return this.#conflict(question);
      case "install-key":
        return this.#change("install", question);
      case "use-key":
        return this.#change("use", question);
      case "remove-key":
        return this.#change("remove", question);
      case "list-keys":
        return this.#list(question);
    }
    step.count("ignored: an internal query that is not known");
  }

  /** Where do we know a member? Not answered when it is about ourselves. */
  #conflict(question: Question): void {
    const { roster, setup } = this.#parts;
    const name = decodeUtf8(question.payload);
    if (name === setup.name) return;
    const entry = roster.get(name);
    this.#answer(question, encodeConflictResponse(entry && this.#memberOf(entry)));
  }

  #memberOf(entry: RosterEntry): SerfMember {
    const { address, versions, name, tags } = this.#parts.viewOf(entry);
    const endpoint = parseEndpoint(address)!;
    const [protocolLowest, protocolHighest, protocolSpoken] = versions;
    const [, , , delegateLowest, delegateHighest, delegateSpoken] = versions;
    return {
      ...{ name, address: addressBytes(endpoint)!, port: endpoint.port, status: STATUS[entry.status] },
      ...{ protocolLowest: protocolLowest!, protocolHighest: protocolHighest! },
      ...{ protocolSpoken: protocolSpoken!, delegateLowest: delegateLowest! },
      ...{ delegateHighest: delegateHighest!, delegateSpoken: delegateSpoken! },
      tags: new Map(Object.entries(tags)),
    };
  }

  #change(action: "install" | "use" | "remove", question: Question): void {
    const key = decodeKeyRequest(question.payload);
    const before = this.#parts.ring.keys;
    const problem = key ? this.#parts.ring.change(action, key) : "no key";
    if (this.#parts.ring.keys !== before) this.#changed();
    this.#answer(
      question,
      encodeKeyResponse({ message: problem ?? "", primaryKey: "", result: problem === undefined }),
    );
  }

  #list(question: Question): void {
    const all = this.#parts.ring.keys.map(toBase64);
    if (all.length === 0) {
      const message = "Keyring is empty (encryption not enabled)";
      return this.#answer(question, encodeKeyResponse({ message, primaryKey: "", result: false }));
    }
    // As many as fit, as Serf has it.
    for (let shown = all.length; ; shown--) {
      const message =
        shown < all.length ? `truncated key list response, showing first ${shown} of ${all.length} keys` : "";
      const answer = encodeKeyResponse({
        ...{ keys: all.slice(0, shown), primaryKey: all[0]!, message, result: true },
      });
      if (shown > 0 && answer.length + RESPONSE_OVERHEAD > SERF_LIMITS.responseBytes) continue;
      return this.#answer(question, answer);
    }
  }

  #answer(question: Question, payload: Uint8Array): void {
    if (this.#questions.answer(question, payload) !== undefined)
      this.#parts.step.count("internal queries that could not be answered");
  }
}
