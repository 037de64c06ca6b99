import type { Envelope } from "#membership/envelope.ts";
import type { MembershipLimits } from "#membership/limits.ts";
import { MESSAGE_TYPES, NODE_STATE, PUSH_PULL, USER, type NodeState } from "#wire/memberlist/messages.ts";
import { MsgpackReader } from "#wire/memberlist/msgpack.ts";
import { decodeStreamMessage, type PushPull, type StreamMessage } from "#wire/memberlist/stream.ts";

/** A stream's message without its wrappings. */
export type PlainStreamMessage = Extract<
  StreamMessage,
  { readonly type: "ping" | "ack" | "pushPull" | "user" | "error" }
>;

export type StreamRead =
  | { readonly state: "more" }
  | { readonly state: "message"; readonly message: PlainStreamMessage }
  | { readonly state: "bad"; readonly problem: string };

const MORE: StreamRead = { state: "more" };

/**
 * Reads the one message that comes on a stream. Only some messages say how long they are; a plain push/pull is read node by
 * node as it arrives. However the bytes are cut, none is looked at more than a few times.
 */
export class StreamReader {
  readonly #envelope: Envelope;
  readonly #limits: MembershipLimits;
  #buffer = new Uint8Array(0);
  #length = 0;
  /** Where the message starts, behind the label; undefined until it was checked. */
  #start: number | undefined;
  /** It is of no use to look before so many bytes are there. */
  #needed = 1;
  #pushPull: PartialPushPull | undefined;

  /** `labelled`: what a dialler sends begins with the cluster's label, if it has one; answers do not. */
  constructor(envelope: Envelope, limits: MembershipLimits, labelled: boolean) {
    this.#envelope = envelope;
    this.#limits = limits;
    if (!labelled) this.#start = 0;
  }

  get heldBytes(): number {
    return this.#length;
  }

  /** What came begins with the label that it must have, if any. */
  get isLabelled(): boolean {
    return this.#start !== undefined;
  }

  read(data: Uint8Array): StreamRead {
    if (this.#length + data.length > this.#limits.streamBytes) return bad("a message that is too long");
    this.#append(data);
    if (this.#length < this.#needed) return MORE;
    if (this.#start === undefined) {
      const label = this.#envelope.checkLabel(this.#bytes());
      if (!label.ok) return label.truncated ? MORE : bad(label.error);
      this.#start = label.end;
    }
    if (this.#length === this.#start) return MORE;
    return this.#message(this.#bytes().subarray(this.#start));
  }

  #message(bytes: Uint8Array): StreamRead {
    const [type] = bytes;
    if (type === MESSAGE_TYPES.encrypt) return this.#encrypted(bytes);
    if (this.#envelope.demandsEncryption) return bad("not encrypted");
    if (type === MESSAGE_TYPES.pushPull) return this.#plainPushPull(bytes);
    if (type === MESSAGE_TYPES.user || type === MESSAGE_TYPES.compress) {
      const size = type === MESSAGE_TYPES.user ? userSize(bytes, this.#limits) : compressSize(bytes);
      if (size === undefined) return this.#header(bytes);
      if (bytes.length < size) return this.#wait(size);
    }
    return this.#whole(bytes);
  }

  /** More is needed to know how long it is; but a start is short. */
  #header(bytes: Uint8Array): StreamRead {
    return bytes.length > this.#limits.streamHeaderBytes ? bad("a message without a known start") : MORE;
  }

  #wait(size: number): StreamRead {
    const needed = this.#start! + size;
    if (needed > this.#limits.streamBytes) return bad("a message that is too long");
    this.#needed = needed;
    return MORE;
  }

  #encrypted(bytes: Uint8Array): StreamRead {
    if (bytes.length < 5) return MORE;
    const size = 5 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
    if (size > 5 + this.#limits.streamCodec.sealedBytes) return bad("a message that is too long");
    if (bytes.length < size) return this.#wait(size);
    const outer = decodeStreamMessage(bytes.subarray(0, size), this.#limits.streamCodec);
    if (!outer.ok) return bad(outer.error);
    if (outer.value.type !== "encrypt") return bad("not encrypted");
    const inner = this.#envelope.openStream(outer.value.body);
    return inner.ok ? this.#whole(inner.value) : bad(inner.error);
  }

  /** A message that is all there, or one that says itself that it is not. */
  #whole(bytes: Uint8Array): StreamRead {
    const found = decodeStreamMessage(bytes, this.#limits.streamCodec);
    if (!found.ok) return found.truncated ? this.#header(bytes) : bad(found.error);
    let message = found.value;
    while (message.type === "compress") {
      if (!("message" in message.body)) return bad(message.problem ?? "bad compression");
      message = message.body.message;
    }
    if (message.type === "encrypt" || message.type === "unknown")
      return bad(message.problem ?? "a message inside out");
    return { state: "message", message };
  }

  #plainPushPull(bytes: Uint8Array): StreamRead {
    const { streamCodec, streamHeaderBytes } = this.#limits;
    if (!this.#pushPull) {
      const header = PUSH_PULL.decode(bytes, 1, bytes.length, streamCodec);
      if (!header.ok) return header.truncated ? this.#header(bytes) : bad(header.error);
      const { join, nodes, userStateLength } = header.value;
      if (nodes > streamCodec.nodes) return bad("a push/pull of too many nodes");
      if (userStateLength > streamCodec.userBytes) return bad("a user state that is too long");
      this.#pushPull = { join, nodes, userStateLength, states: [], at: header.end };
    }
    const part = this.#pushPull;
    while (part.states.length < part.nodes) {
      const state = NODE_STATE.decode(bytes, part.at, bytes.length, streamCodec);
      if (!state.ok) {
        if (!state.truncated) return bad(state.error);
        return bytes.length - part.at > streamHeaderBytes ? bad("a node that is too long") : MORE;
      }
      part.states.push(state.value);
      part.at = state.end;
    }
    const end = part.at + part.userStateLength;
    if (bytes.length < end) return this.#wait(end);
    const { join, states } = part;
    const body: PushPull = { join, states, userState: bytes.subarray(part.at, end) };
    return { state: "message", message: { type: "pushPull", body } };
  }

  #bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #append(data: Uint8Array): void {
    const length = this.#length + data.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.#bytes());
      this.#buffer = larger;
    }
    this.#buffer.set(data, this.#length);
    this.#length = length;
  }
}

interface PartialPushPull {
  readonly join: boolean;
  readonly nodes: number;
  readonly userStateLength: number;
  readonly states: NodeState[];
  at: number;
}

function bad(problem: string): StreamRead {
  return { state: "bad", problem };
}

/** Bytes of a user message, as its header says; undefined when that is not all there. */
function userSize(bytes: Uint8Array, { streamCodec }: MembershipLimits): number | undefined {
  const header = USER.decode(bytes, 1, bytes.length, streamCodec);
  return header.ok ? header.end + header.value.length : undefined;
}

/** Bytes of a compressed message up to the end of its buffer; undefined when that does not begin soon. */
function compressSize(bytes: Uint8Array): number | undefined {
  const reader = new MsgpackReader(bytes, 1, Math.min(bytes.length, HEADER_BYTES), HEADER_LIMITS);
  for (let entries = reader.map(); entries > 0 && !reader.problem; entries--) {
    const key = reader.raw();
    if (key.length === 3 && key[0] === 0x42 && key[1] === 0x75 && key[2] === 0x66)
      return rawEnd(bytes, reader.at);
    reader.skip();
  }
  return undefined;
}

const HEADER_BYTES = 64;
const HEADER_LIMITS = { msgpackDepth: 2, msgpackValues: 16, msgpackBytes: HEADER_BYTES };

/** Where the string or byte slice that starts at `at` ends. */
function rawEnd(bytes: Uint8Array, at: number): number | undefined {
  const head = bytes[at];
  if (head === undefined) return undefined;
  if (head >= 0xa0 && head <= 0xbf) return at + 1 + (head & 0x1f);
  const width = { 0xc4: 1, 0xc5: 2, 0xc6: 4, 0xd9: 1, 0xda: 2, 0xdb: 4 }[head];
  if (width === undefined || bytes.length < at + 1 + width) return undefined;
  let size = 0;
  for (let i = 1; i <= width; i++) size = size * 256 + bytes[at + i]!;
  return at + 1 + width + size;
}
