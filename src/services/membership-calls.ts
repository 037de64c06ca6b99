import { toBase64 } from "#base/base64.ts";
import type { SerfCommand, SerfEvent } from "#membership/serf/io.ts";
import type { KeyringResult, QueryRequest, QueryResult } from "#services/membership-api.ts";

type Answer = Extract<
  SerfEvent,
  { readonly type: "query-acknowledged" | "query-answered" | "query-ended" | "keyring-answered" }
>;

interface Call {
  readonly answers: { readonly from: string; readonly payload: Uint8Array }[];
  readonly acknowledged: string[];
  readonly keyring: KeyringResult["answers"][number][];
  /** So many may answer at most. */
  readonly wanted: number;
  readonly ended: () => void;
}

/** Queries of this node and of its operators that run: collects what comes until each has ended, or all have answered. */
export class MembershipCalls {
  readonly #push: (command: SerfCommand) => void;
  readonly #present: () => number;
  readonly #calls = new Map<number, Call>();
  #id = 0;

  /** `present`: members that may answer, this node included. */
  constructor(push: (command: SerfCommand) => void, present: () => number) {
    this.#push = push;
    this.#present = present;
  }

  async query(request: QueryRequest): Promise<QueryResult> {
    const wanted = request.filters.nodes?.length ?? Infinity;
    const { answers, acknowledged } = await this.#run(
      (id) => ({ ...{ type: "query", id, acknowledge: true }, ...request }),
      wanted,
    );
    // Who answers has heard it, also when the word of that was lost.
    const heard = new Set([...acknowledged, ...answers.map(({ from }) => from)]);
    return { answers, acknowledged: [...heard] };
  }

  async keyring(
    action: "install" | "use" | "remove" | "list",
    key: Uint8Array,
  ): Promise<KeyringResult["answers"]> {
    return (await this.#run((id) => ({ type: "keyring", id, action, key }))).keyring;
  }

  take(event: Answer): void {
    const call = this.#calls.get(event.id);
    if (!call) return;
    const { answers, acknowledged, keyring } = call;
    const isFull = answers.length + acknowledged.length + keyring.length >= MOST_ANSWERS;
    if (event.type === "query-ended") {
      this.#calls.delete(event.id);
      call.ended();
    } else if (isFull) return;
    else if (event.type === "query-acknowledged") acknowledged.push(event.from);
    else if (event.type === "query-answered") answers.push({ from: event.from, payload: event.payload });
    else keyring.push({ from: event.from, ok: event.ok, message: event.message, keys: event.keys });
    if (answers.length + keyring.length >= Math.min(call.wanted, this.#present())) call.ended();
  }

  /** Ends all calls with what has come so far. */
  stop(): void {
    for (const { ended } of this.#calls.values()) ended();
    this.#calls.clear();
  }

  #run(command: (id: number) => SerfCommand, wanted = Infinity): Promise<Call> {
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      const ended = (): void => resolve(call);
      const call: Call = { answers: [], acknowledged: [], keyring: [], wanted, ended };
      this.#calls.set(id, call);
      try {
        this.#push(command(id));
      } catch (error) {
        this.#calls.delete(id);
        reject(error as Error);
      }
    });
  }
}

/** The keys of a ring as a list shows them. */
export function keyTexts(keys: readonly Uint8Array[]): readonly string[] {
  return keys.map(toBase64);
}

/** Of one query: of each member of a large cluster an acknowledgement and an answer. */
const MOST_ANSWERS = 65_536;
