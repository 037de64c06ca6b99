import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { seededRandom } from "#base/random.ts";
import type { WhisperEvent, WhisperInput, WhisperOutput } from "#whisper/io.ts";
import { DEFAULT_LIMITS, type WhisperLimits } from "#whisper/limits.ts";
import { Whisper } from "#whisper/whisper.ts";

/** One core, spoken to by hand: every input at a time, every output kept until it is asked for. */
export class WhisperBench {
  readonly core: Whisper;
  now = 0;
  #outputs: WhisperOutput[] = [];
  #accepted = 0;

  constructor(
    options: { readonly peers?: readonly string[]; readonly limits?: Partial<WhisperLimits> } = {},
  ) {
    const setup = {
      address: OWN,
      nick: "me",
      peers: options.peers ?? [],
      limits: { ...DEFAULT_LIMITS, ...options.limits },
    };
    this.core = new Whisper(setup, seededRandom(1));
    this.give({ type: "wake" });
  }

  give(input: WhisperInput): void {
    this.#outputs.push(...this.core.handle(input, this.now));
  }

  /** Lets time pass, waking the core when it wants to be. */
  pass(durationMs: number): void {
    const end = this.now + durationMs;
    while (this.core.wakeAt <= end) {
      this.now = Math.max(this.now, this.core.wakeAt);
      this.give({ type: "wake" });
    }
    this.now = end;
  }

  /** What the core said since the last call. */
  outputs(): WhisperOutput[] {
    return this.#outputs.splice(0);
  }

  events(): WhisperEvent[] {
    return this.outputs().flatMap((output) => (output.type === "event" ? [output.event] : []));
  }

  /** Bodies that were shown since the last call. */
  shown(): string[] {
    return this.events().flatMap((event) => (event.type === "message" ? [event.message.body] : []));
  }

  /** The addresses dialled since the last call, with their connections. */
  dials(): { readonly connection: number; readonly to: string }[] {
    return this.outputs().flatMap((output) =>
      output.type === "dial"
        ? [{ connection: output.connection, to: `${output.to.host}:${output.to.port}` }]
        : [],
    );
  }

  /** Everything written to a connection since the last call, as messages. */
  written(connection: number): Record<string, unknown>[] {
    const text = this.outputs()
      .flatMap((output) =>
        output.type === "write" && output.connection === connection ? [decodeUtf8(output.data)] : [],
      )
      .join("");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Somebody dials us from `host`; the answer is the connection. */
  accept(host = "10.0.0.2"): number {
    const connection = -++this.#accepted;
    this.give({ type: "accepted", connection, from: { host, port: 40_000 } });
    return connection;
  }

  receive(connection: number, data: string | Uint8Array): void {
    this.give({ type: "data", connection, data: typeof data === "string" ? encodeUtf8(data) : data });
  }

  /** A dial of the core succeeds. */
  connected({ connection, to }: { readonly connection: number; readonly to: string }): void {
    const [host, port] = to.split(":");
    this.give({ type: "connected", connection, to: { host: host!, port: Number(port) } });
  }

  /** Makes a link to `address`; its greeting is forgotten. The answer is the connection. */
  link(address: string): number {
    this.outputs();
    this.give({ type: "connect", address });
    const dial = this.dials().find(({ to }) => to === address)!;
    this.connected(dial);
    this.outputs();
    return dial.connection;
  }

  count(counter: string): number {
    return this.core.counters().get(counter) ?? 0;
  }
}

export const OWN = "10.0.0.1:55555";

/** The original's JSON, byte by byte (see wire/whisper of the notes): the nick is in the key "omitempty". */
export function original(id: string, address: string, body: string): string {
  return `{"ID":"${id}","Addr":"${address}","Body":${JSON.stringify(body)},"omitempty":"nick","Timestamp":1795219132}\n`;
}
