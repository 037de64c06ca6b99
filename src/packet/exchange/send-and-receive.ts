import type { Packet } from "#packet/dissect.ts";
import { machine, type ExchangeDefinition, type Reply } from "#packet/exchange/definition.ts";

export interface SendAndReceiveOptions {
  readonly send: Reply | readonly Reply[];
  /** Selects the answers. */
  readonly answer: string;
  /** What the query cannot ask. */
  readonly when?: (packet: Packet) => boolean;
  /** How often it is sent again when no answer comes; default 2. */
  readonly retries?: number;
  /** How long to wait for an answer each time; default 1,000. */
  readonly timeoutMs?: number;
}

export interface SendAndReceiveData {
  tries: number;
  answer: Packet | undefined;
}

/**
 * Sends packets and waits for one that answers them: ends in "answered", with the answer in the exchange's data, or in
 * "unanswered".
 */
export function sendAndReceive(options: SendAndReceiveOptions): ExchangeDefinition<SendAndReceiveData> {
  const { send, answer, when, retries = 2, timeoutMs = 1_000 } = options;
  return machine<SendAndReceiveData>({
    name: "send and receive",
    data: () => ({ tries: 0, answer: undefined }),
    initial: "waiting",
    states: {
      waiting: {
        enter: ({ data }) => {
          data.tries++;
          return send;
        },
        on: [
          {
            query: answer,
            ...(when && { when }),
            do: (packet, { data }) => void (data.answer = packet),
            go: "answered",
          },
        ],
        after: { ms: timeoutMs, go: { unanswered: ({ data }) => data.tries > retries, waiting: true } },
      },
      answered: { enter: ({ data, tell }) => tell("answered", { tries: data.tries }), final: true },
      unanswered: { enter: ({ data, tell }) => tell("no answer", { tries: data.tries }), final: true },
    },
  });
}
