import { concatBytes } from "#base/bytes.ts";
import {
  budgetOf,
  decodeMap,
  failed,
  mapFormat,
  MessageSet,
  readable,
  TYPE_FACT,
  type Body,
  type Budget,
  type Format,
  type UnknownMessage,
} from "#wire/memberlist/format.ts";
import { firstOf, randomBytes } from "#wire/memberlist/kinds.ts";
import { MEMBERLIST_LIMITS, type MemberlistLimits } from "#wire/memberlist/limits.ts";
import {
  ERROR,
  NODE_STATE,
  PUSH_PULL,
  USER,
  type Ack,
  type ErrorResponse,
  type NodeState,
  type Ping,
} from "#wire/memberlist/messages.ts";
import {
  ACK_FORMAT,
  compressFormat,
  META,
  PING_FORMAT,
  showUser,
  type Compressed,
  type User,
} from "#wire/memberlist/packet.ts";
import { foundSerf, SERF_FACTS } from "#wire/memberlist/serf.ts";
import {
  foundSealed,
  joinSealed,
  LEAST_SEALED_BYTES,
  randomSealed,
  SEALED_FACTS,
  showSealed,
  splitSealed,
  type Sealed,
} from "#wire/memberlist/wrapping.ts";

/** All that a node knows, sent to another, which answers with the same. */
export interface PushPull {
  readonly join: boolean;
  readonly states: readonly NodeState[];
  /** The application's; Serf has one. */
  readonly userState: Uint8Array;
  /** For one that is only here in part: what its header says, and the bytes of what is here in part. */
  readonly part?: {
    readonly nodes: number;
    readonly userStateLength: number;
    readonly rest: Uint8Array;
  };
}

/** A user message; `length` for one that is only here in part. */
export interface StreamUser extends User {
  readonly length?: number;
}

interface Message<Type extends string, Value> {
  readonly type: Type;
  readonly body: Value;
  readonly problem?: string;
}

type PlainMessage =
  | Message<"ping", Ping>
  | Message<"ack", Ack>
  | Message<"pushPull", PushPull>
  | Message<"user", StreamUser>
  | Message<"error", ErrorResponse>;

/** A request or its answer: one connection carries one of each. */
export type StreamMessage =
  PlainMessage | Message<"compress", Compressed<StreamMessage>> | Message<"encrypt", Sealed> | UnknownMessage;

const PUSH_PULL_FORMAT: Format<PushPull> = {
  initial: { join: false, states: [], userState: new Uint8Array(0) },
  decode: decodePushPull,
  encode: ({ join, states, userState, part }) => {
    const header = PUSH_PULL.encode({
      join,
      nodes: part?.nodes ?? states.length,
      userStateLength: part?.userStateLength ?? userState.length,
    });
    const nodes = states.map((state) => NODE_STATE.encode(state));
    return concatBytes([header, ...nodes, userState, ...(part ? [part.rest] : [])]);
  },
  random: (random) => ({
    join: random.below(2) === 1,
    states: Array.from({ length: random.below(4) }, () => NODE_STATE.random(random)),
    userState: randomBytes(random, random.below(20)),
  }),
  show: ({ join, states, part }) =>
    `push/pull of ${part?.nodes ?? states.length} nodes${join ? ", joining" : ""}`,
  facts: [
    ...PUSH_PULL.facts("memberlist.push_pull"),
    ...NODE_STATE.facts("memberlist.push_pull"),
    ...META.facts,
    { query: "memberlist.push_pull.user_state", type: "bytes", title: "User state" },
    ...SERF_FACTS,
  ],
  found: ({ join, states, userState, part }, take) => {
    const header = {
      join,
      nodes: part?.nodes ?? states.length,
      userStateLength: part?.userStateLength ?? userState.length,
    };
    PUSH_PULL.found(header, "memberlist.push_pull", take);
    for (const state of states) {
      NODE_STATE.found(state, "memberlist.push_pull", take);
      META.found(state, take);
    }
    if (userState.length > 0) take("memberlist.push_pull.user_state", userState);
    foundSerf(userState, take);
  },
};

function decodePushPull(bytes: Uint8Array, budget: Budget): Body<PushPull> {
  const { limits } = budget;
  const header = decodeMap(PUSH_PULL, bytes, limits);
  if (!header.ok) return header;
  const { join, nodes, userStateLength } = header.value;
  if (nodes > limits.nodes) return failed(`a push/pull of ${nodes} nodes`);
  if (userStateLength > limits.userBytes) return failed(`a user state of ${userStateLength} bytes`);
  const states: NodeState[] = [];
  let at = header.end;
  while (states.length < nodes) {
    const state = NODE_STATE.decode(bytes, at, bytes.length, limits);
    if (state.ok) {
      states.push(state.value);
      at = state.end;
    } else if (!state.truncated || !isOpen(budget)) return failed(state.error, state.truncated);
    else break;
  }
  const problem = firstOf(states, (state) => NODE_STATE.problem(state));
  const end = at + userStateLength;
  if (states.length === nodes && end <= bytes.length)
    return readable({ join, states, userState: bytes.subarray(at, end) }, end, problem);
  if (!isOpen(budget)) return failed("it ends too early", true);
  const rest = bytes.subarray(at);
  const part = { nodes, userStateLength, rest };
  return readable({ join, states, userState: rest.subarray(0, 0), part }, bytes.length, problem);
}

/** Whether what is not here may be in the next segment: true of what is not inside another message. */
function isOpen({ segment, depth }: Budget): boolean {
  return segment && depth === 0;
}

const STREAM_USER_FORMAT: Format<StreamUser> = {
  initial: { payload: new Uint8Array(0) },
  decode: (bytes, budget) => {
    const header = decodeMap(USER, bytes, budget.limits);
    if (!header.ok) return header;
    const { length } = header.value;
    if (length > budget.limits.userBytes) return failed(`a user message of ${length} bytes`);
    const end = header.end + length;
    if (end <= bytes.length) return readable({ payload: bytes.subarray(header.end, end) }, end, undefined);
    if (!isOpen(budget)) return failed("it ends too early", true);
    return readable({ payload: bytes.subarray(header.end), length }, bytes.length, undefined);
  },
  encode: ({ payload, length }) => concatBytes([USER.encode({ length: length ?? payload.length }), payload]),
  random: (random) => ({ payload: randomBytes(random, random.below(20)) }),
  show: ({ payload, length }) => showUser(payload, length ?? payload.length),
  facts: [
    ...USER.facts("memberlist.user"),
    { query: "memberlist.user.payload", type: "bytes", title: "Payload" },
    ...SERF_FACTS,
  ],
  found: ({ payload, length }, take) => {
    USER.found({ length: length ?? payload.length }, "memberlist.user", take);
    take("memberlist.user.payload", payload);
    foundSerf(payload, take);
  },
};

const LENGTH_BYTES = 4;

const ENVELOPE_FORMAT: Format<Sealed> = {
  initial: {
    version: 1,
    nonce: new Uint8Array(12),
    ciphertext: new Uint8Array(0),
    tag: new Uint8Array(16),
  },
  decode: (bytes, { limits }) => {
    if (bytes.length < LENGTH_BYTES) return failed("it ends too early", true);
    const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (size < LEAST_SEALED_BYTES || size > limits.sealedBytes)
      return failed(`an encrypted message of ${size} bytes`);
    const end = LENGTH_BYTES + size;
    if (end > bytes.length) return failed("it ends too early", true);
    const sealed = splitSealed(bytes.subarray(LENGTH_BYTES, end));
    return sealed.ok ? { ...sealed, end } : sealed;
  },
  encode: (value) => {
    const sealed = joinSealed(value);
    const header = new Uint8Array(LENGTH_BYTES);
    new DataView(header.buffer).setUint32(0, sealed.length);
    return concatBytes([header, sealed]);
  },
  random: randomSealed,
  show: showSealed,
  facts: SEALED_FACTS,
  found: foundSealed,
};

const PLAIN_FORMATS = {
  ping: PING_FORMAT,
  ack: ACK_FORMAT,
  pushPull: PUSH_PULL_FORMAT,
  user: STREAM_USER_FORMAT,
  error: mapFormat(ERROR, ({ error }) => error),
};
const plain = new MessageSet<PlainMessage>(PLAIN_FORMATS);

const COMPRESS_FORMAT: Format<Compressed<StreamMessage>> = compressFormat(
  () => STREAM_MESSAGES,
  [TYPE_FACT, ...Object.values(PLAIN_FORMATS).flatMap(({ facts }) => facts)],
  (random) => plain.random(random),
);

export const STREAM_FORMATS = { ...PLAIN_FORMATS, encrypt: ENVELOPE_FORMAT, compress: COMPRESS_FORMAT };

/** Everything that a stream carries behind its label. */
export const STREAM_MESSAGES = new MessageSet<StreamMessage>(STREAM_FORMATS);

/** The message with which a stream's bytes begin; `truncated` says that more bytes are needed. Never throws. */
export function decodeStreamMessage(
  bytes: Uint8Array,
  limits: MemberlistLimits = MEMBERLIST_LIMITS,
): Body<StreamMessage> {
  return STREAM_MESSAGES.decodePart(bytes, budgetOf(limits));
}

/** A message's bytes. Throws TypeError for what a field cannot hold and for what crashes peers. */
export function encodeStreamMessage(message: StreamMessage): Uint8Array {
  return STREAM_MESSAGES.encode(message);
}
