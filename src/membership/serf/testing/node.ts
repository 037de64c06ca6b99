import type { Endpoint } from "#base/endpoint.ts";
import { seededRandom } from "#base/random.ts";
import type { MembershipEvent, MembershipSetup } from "#membership/io.ts";
import type { Attachment, SerfEvent, SerfInput, SerfOutput, SerfSetup } from "#membership/serf/io.ts";
import { Serf } from "#membership/serf/serf.ts";
import { ByHand, SETUP } from "#membership/testing/node.ts";
import { simCipher } from "#sim/cipher.ts";
import { decodePacket, encodeMessage, type GossipMessage } from "#wire/memberlist/packet.ts";
import { decodeSerf, encodeSerf, encodeTags, type SerfMessage } from "#wire/memberlist/serf.ts";
import { encodeStreamMessage, type PushPull } from "#wire/memberlist/stream.ts";
import { withoutCrc } from "#wire/memberlist/wrapping.ts";

export const SERF_VERSIONS = Uint8Array.of(1, 5, 2, 2, 5, 5);

type EventOf<Type, Any = MembershipEvent | SerfEvent> = Any extends { readonly type: infer Its }
  ? Type extends Its
    ? Any
    : never
  : never;

/** One core, by hand: a clock that the test moves, and what the core said. Others are "nX" at 192.0.2.X. */
export class TestSerf extends ByHand<SerfInput, MembershipEvent | SerfEvent, SerfOutput, Serf> {
  #connections = 0;
  #sequence = 0;

  constructor(
    changes: Partial<MembershipSetup> = {},
    tags: SerfSetup["tags"] = {},
    attachment?: Attachment,
    seed: number | string = 1,
  ) {
    const cipher = simCipher(seededRandom(seed));
    const setup = { membership: { ...SETUP, ...changes }, tags };
    super(new Serf(setup, seededRandom(seed), cipher, attachment), { type: "wake" });
  }

  packet(data: Uint8Array, x = 2): void {
    this.put({ type: "datagram", from: { host: `192.0.2.${x}`, port: 7946 }, data });
  }

  /** The member nX is alive. */
  meets(x: number, tags: SerfSetup["tags"] = {}, incarnation = 1): void {
    const meta = encodeTags(new Map(Object.entries(tags)));
    const body = { node: `n${x}`, address: Uint8Array.of(192, 0, 2, x), port: 7946, incarnation, meta };
    this.packet(encodeMessage({ type: "alive", body: { ...body, versions: SERF_VERSIONS } }), x);
  }

  /** The membership hears that nX is dead, or, from itself, that it left. */
  loses(x: number, from = "n9", incarnation = 1): void {
    this.packet(encodeMessage({ type: "dead", body: { node: `n${x}`, from, incarnation } }), x);
  }

  hears(message: SerfMessage | Uint8Array, x = 2): void {
    const payload = message instanceof Uint8Array ? message : encodeSerf(message);
    this.packet(encodeMessage({ type: "user", body: { payload } }), x);
  }

  /** Somebody at 192.0.2.X says that it has our name. */
  claimedBy(x: number): void {
    const body = { node: SETUP.name, address: Uint8Array.of(192, 0, 2, x), port: 7946, incarnation: 9 };
    const versions = SERF_VERSIONS;
    this.packet(encodeMessage({ type: "alive", body: { ...body, meta: undefined, versions } }), x);
  }

  /** A probe of ours is answered. */
  acknowledges(sequenceNumber: number, payload: Uint8Array): void {
    this.packet(encodeMessage({ type: "ack", body: { sequenceNumber, payload } }));
  }

  /** Whoever was just probed answers with this. */
  acknowledgesAll(payload: Uint8Array): void {
    this.run(1_000);
    const pings = this.takeSent().flatMap(({ message }) => (message.type === "ping" ? [message.body] : []));
    for (const { sequenceNumber } of pings) this.acknowledges(sequenceNumber, payload);
  }

  /** Another member dials us and exchanges all; what we answer. */
  exchanges(userState: Uint8Array, states: PushPull["states"] = [], x = 2): Uint8Array {
    const connection = --this.#connections;
    this.put({
      type: "accepted",
      connection,
      from: { host: `192.0.2.${x}`, port: 40_000 + ++this.#sequence },
    });
    const body = { join: false, states, userState };
    const data = encodeStreamMessage({ type: "pushPull", body });
    const outputs = this.put({ type: "data", connection, data });
    const written = outputs.flatMap((output) => (output.type === "write" ? [...output.data] : []));
    this.put({ type: "closed", connection });
    return Uint8Array.from(written);
  }

  /** Messages in packets since the last time that this was asked, with where they went. */
  takeSent(): { readonly to: string; readonly message: GossipMessage }[] {
    const sent = this.outputs.flatMap((output) =>
      output.type === "datagram" ? messagesIn(output.to, output.data) : [],
    );
    this.outputs.length = 0;
    return sent;
  }

  /** The same of Serf's layer; `raw` is the payload. */
  takeSaid(): { readonly to: string; readonly raw: Uint8Array; readonly message: SerfMessage }[] {
    return this.takeSent().flatMap(({ to, message }) => {
      const raw = message.type === "user" ? message.body.payload : undefined;
      const said = raw && decodeSerf(raw);
      return raw && said ? [{ to, raw, message: said }] : [];
    });
  }

  counted(reason: string): number {
    return this.core.counters().get(reason) ?? 0;
  }

  eventsOf<Type extends (MembershipEvent | SerfEvent)["type"]>(type: Type): EventOf<Type>[] {
    return this.events.filter((event) => event.type === type) as never;
  }

  memberEvents(): string[] {
    return this.events.flatMap((event) => ("member" in event ? [`${event.type} ${event.member.name}`] : []));
  }
}

function messagesIn({ host }: Endpoint, data: Uint8Array): { to: string; message: GossipMessage }[] {
  const inside = withoutCrc(data);
  if (!inside.ok) throw new Error(inside.error);
  return decodePacket(inside.value).messages.map((message) => ({ to: host, message }));
}
