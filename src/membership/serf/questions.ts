import { formatAddress, unmapAddress } from "#base/address.ts";
import { formatEndpoint } from "#base/endpoint.ts";
import { decodeUtf8 } from "#base/utf8.ts";
import type { MemberView } from "#membership/io.ts";
import { endpointOf } from "#membership/member.ts";
import { isFor } from "#membership/serf/filters.ts";
import { ACKNOWLEDGE } from "#membership/serf/inquiries.ts";
import { INTERNAL_PREFIX, SERF_LIMITS } from "#membership/serf/limits.ts";
import type { SerfParts } from "#membership/serf/parts.ts";
import { Recent } from "#membership/serf/recent.ts";
import {
  encodeSerf,
  type SerfMessage,
  type SerfQuery,
  type SerfRelay,
  type SerfResponse,
} from "#wire/memberlist/serf.ts";

/** A query that is for us, and can be answered until its deadline. */
export interface Question {
  readonly number: number;
  readonly name: string;
  readonly payload: Uint8Array;
  readonly from: string;
  readonly deadline: number;
  /** Of the query: what an answer has to say, and where it goes. */
  readonly body: Pick<SerfQuery, "ltime" | "id" | "address" | "port" | "sourceNode" | "relayFactor">;
}

/** Nobody passes such a query on. */
const NO_BROADCAST = 2;
/** Members that understand relayed answers speak at least this protocol. */
const RELAY_PROTOCOL = 5;

/** Queries of others, and our answers, which go to members only: nobody shall use us to knock elsewhere. */
export class Questions {
  readonly #parts: SerfParts;
  readonly #answered: (response: SerfResponse) => void;
  readonly recent = new Recent<number>((id) => id);
  readonly #waiting = new Map<number, Question>();
  #numbers = 0;
  #strangers = 0;
  #strangersUntil = 0;

  /** `answered`: what we answer to a query of our own. */
  constructor(parts: SerfParts, answered: (response: SerfResponse) => void) {
    this.#parts = parts;
    this.#answered = answered;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** A query was heard: whether others must hear of it, and what it asks if it is for us. */
  take(body: SerfQuery): { readonly isNews: boolean; readonly question?: Question } {
    const { step, setup, tags } = this.#parts;
    const time = this.recent.clock.read(body.ltime);
    if (time === undefined) {
      step.count("refused: a Lamport time too far ahead");
      return { isNews: false };
    }
    if (crashesPeers(body)) {
      step.count("refused: a query that crashes Go peers");
      return { isNews: false };
    }
    const verdict = this.recent.take(time, body.id);
    if (verdict !== "new") {
      step.count(`${verdict} Serf queries`);
      return { isNews: false };
    }
    const isNews = (body.flags & NO_BROADCAST) === 0;
    const isOurs = isFor(body.filters ?? [], setup.name, tags());
    if (isOurs === "bad") step.count("ignored: a Serf query with a filter that cannot be");
    if (isOurs !== "yes") return { isNews };
    const question = this.#question(body);
    if ((body.flags & ACKNOWLEDGE) !== 0) this.#send(question, { flags: ACKNOWLEDGE });
    return { isNews, question };
  }

  /** Somebody will answer it. */
  keep(question: Question): void {
    if (this.#waiting.size >= SERF_LIMITS.waiting) this.#forget(this.#waiting.keys().next().value!);
    this.#waiting.set(question.number, question);
    this.#parts.timers.set(`question ${question.number}`, question.deadline);
  }

  /** Nobody answers it in time. */
  due(number: number): void {
    this.#waiting.delete(number);
  }

  /** Answers a kept question, once. What is wrong, or undefined. */
  respond(number: number, payload: Uint8Array): string | undefined {
    const question = this.#waiting.get(number);
    if (!question || this.#parts.step.now > question.deadline) return "no such query waits for an answer";
    const problem = this.answer(question, payload);
    if (problem === undefined) this.#forget(number);
    return problem;
  }

  answer(question: Question, payload: Uint8Array): string | undefined {
    return this.#send(question, { flags: 0, payload });
  }

  /** Passes an answer on to the member that asked. */
  relay(header: SerfRelay, message: SerfMessage): void {
    const { step, setup } = this.#parts;
    if (message.type !== "response" || this.recent.clock.read(message.body.ltime) === undefined)
      return step.count("refused: to relay what is no answer");
    const { ip, port } = header.address;
    const to = this.#memberAt(header.name, ip, port);
    if (!to) return step.count("refused: to relay to no member");
    if (to.name === setup.name) return this.#answered(message.body);
    step.ask({ type: "send", node: to.name, payload: encodeSerf(message), reliable: false });
  }

  #question(body: SerfQuery): Question {
    const { step } = this.#parts;
    const milliseconds = Math.max(0, Math.min(SERF_LIMITS.queryMs, Number(body.timeout) / 1e6));
    const { name, payload, sourceNode, ltime, id, port, relayFactor } = body;
    // Of its own: the packet shall not stay for it.
    const address = body.address.slice();
    return {
      ...{ number: ++this.#numbers, name, payload: payload?.slice() ?? NOTHING },
      body: { ltime, id, address, port, sourceNode, relayFactor },
      from: sourceNode || (this.#memberAt("", body.address, body.port)?.name ?? ""),
      deadline: step.now + milliseconds,
    };
  }

  #send(question: Question, what: { flags: number; payload?: Uint8Array }): string | undefined {
    const { step, setup } = this.#parts;
    const { ltime, id, address, port, sourceNode, relayFactor } = question.body;
    const body = { ltime, id, from: setup.name, ...what };
    const payload = encodeSerf({ type: "response", body });
    const { responseBytes } = SERF_LIMITS;
    if (payload.length > responseBytes) return `it takes ${payload.length} bytes, more than ${responseBytes}`;
    const to = this.#memberAt(sourceNode, address, port);
    if (!to && this.#answersStranger(question, payload)) return undefined;
    if (!to) {
      step.count("refused: an answer to no member");
      return "who asked is no member";
    }
    if (to.name === setup.name) {
      this.#answered(body);
      return undefined;
    }
    step.ask({ type: "send", node: to.name, payload, reliable: false });
    if (relayFactor > 0) this.#relayed(question, body, to);
    return undefined;
  }

  /**
   * Who asks whether its name is taken is not the member that we know by it, and must hear it all the same: a few times a
   * minute, for the address may be anybody's.
   */
  #answersStranger({ name, payload: asked, body }: Question, payload: Uint8Array): boolean {
    const { step, member, isLoopback } = this.#parts;
    const { sourceNode, address, port } = body;
    if (name !== `${INTERNAL_PREFIX}conflict` || decodeUtf8(asked) !== sourceNode) return false;
    const to = endpointOf(address, port, isLoopback);
    if (!to || !member(sourceNode)) return false;
    if (step.now >= this.#strangersUntil) {
      this.#strangersUntil = step.now + MINUTE_MS;
      this.#strangers = 0;
    }
    if (++this.#strangers > SERF_LIMITS.strangers) return false;
    step.ask({ type: "send", node: sourceNode, address: formatEndpoint(to), payload, reliable: false });
    return true;
  }

  /** By other members too, if there are enough of them. */
  #relayed({ body: { address, port, relayFactor } }: Question, body: SerfResponse, to: MemberView): void {
    const { step } = this.#parts;
    const helpers = this.#helpers(Math.min(relayFactor, SERF_LIMITS.relays), to.name);
    if (helpers.length < relayFactor) return;
    const payload = encodeSerf({
      type: "relay",
      body: { address: { ip: address, port, zone: "" }, name: to.name },
      message: { type: "response", body },
    });
    if (payload.length > SERF_LIMITS.responseBytes) return step.count("answers too long to be relayed");
    for (const node of helpers) step.ask({ type: "send", node, payload, reliable: false });
  }

  #helpers(count: number, asker: string): readonly string[] {
    const { roster, random, setup, member } = this.#parts;
    const names = [...roster.values()].filter(({ name, status }) => {
      const versions = member(name)?.versions;
      if (name === setup.name || name === asker || status !== "alive") return false;
      return versions !== undefined && versions[1]! >= RELAY_PROTOCOL;
    });
    for (let i = names.length - 1; i > 0; i--) {
      const other = random.below(i + 1);
      [names[i], names[other]] = [names[other]!, names[i]!];
    }
    return names.slice(0, count).map(({ name }) => name);
  }

  /** The member of this name, or, for old peers that do not say it, whichever is at the address. */
  #memberAt(name: string, ip: Uint8Array, port: number): MemberView | undefined {
    if (ip.length !== 4 && ip.length !== 16) return undefined;
    const address = formatEndpoint({ host: formatAddress(unmapAddress({ bytes: ip })), port });
    const { member, roster } = this.#parts;
    const named = member(name);
    if (named) return named.address === address ? named : undefined;
    if (name !== "") return undefined;
    for (const { name: each } of roster.values()) if (member(each)?.address === address) return member(each);
    return undefined;
  }

  #forget(number: number): void {
    this.#waiting.delete(number);
    this.#parts.timers.cancel(`question ${number}`);
  }
}

const KEY_CHANGES = ["install-key", "use-key", "remove-key"].map((name) => `${INTERNAL_PREFIX}${name}`);

/** They look at the first byte of each filter, and behind the first of a key request, without asking whether it is there. */
function crashesPeers({ name, payload, filters = [] }: SerfQuery): boolean {
  if (filters.some(({ length }) => length === 0)) return true;
  return KEY_CHANGES.includes(name) && (payload === undefined || payload.length === 0);
}

const MINUTE_MS = 60_000;
const NOTHING = new Uint8Array(0);
