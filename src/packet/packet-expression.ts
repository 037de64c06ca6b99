import type { GivenLayer } from "#packet/build.ts";
import { snake } from "#packet/labels.ts";
import type { Member, Message } from "#packet/message.ts";
import { textBytes } from "#packet/primitive.ts";
import { nearestNames } from "#packet/query/nearest.ts";
import { QueryError } from "#packet/query/query-error.ts";
import type { Registry } from "#packet/registry.ts";
import type { Spec } from "#packet/spec.ts";

/** Layers to build, and the bytes behind them. */
export interface ExpressedPacket {
  readonly layers: readonly GivenLayer[];
  readonly payload: Uint8Array;
}

/**
 * Reads a packet as people write one: `ether(dst="ff:ff:ff:ff:ff:ff")/arp(opcode="request", targetIp="192.0.2.1")`. Layers by
 * the protocol's name, fields by the property's name or the end of its query name; numbers also by the name of their
 * value, bytes as 0x…; a text or 0x… behind the last "/" is the payload. Throws QueryError with the place of a mistake.
 */
export function parsePacketExpression(registry: Registry, text: string): ExpressedPacket {
  return new ExpressionReader(registry, text).packet();
}

/** What people call a protocol, beside its own name. */
const ALIASES: Readonly<Record<string, string>> = {
  ether: "eth",
  ethernet: "eth",
  ipv4: "ip",
  dot1q: "vlan",
};

/** Names of fields that are seldom written out. */
const SHORT_NAMES: Readonly<Record<string, string>> = { src: "source", dst: "destination" };

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|(0x[0-9a-fA-F]*)|(-?\d+(?![\w.:]))|([A-Za-z_][\w.-]*)|([()[\]{},=:/]))/y;

type Raw =
  string | number | bigint | boolean | Uint8Array | readonly Raw[] | { readonly [name: string]: Raw };

interface Piece {
  readonly raw: Raw;
  readonly at: number;
  readonly length: number;
}

class ExpressionReader {
  readonly #registry: Registry;
  readonly #text: string;
  #at = 0;

  constructor(registry: Registry, text: string) {
    this.#registry = registry;
    this.#text = text;
  }

  packet(): ExpressedPacket {
    const layers: GivenLayer[] = [];
    let payload: Uint8Array = new Uint8Array(0);
    do {
      const next = this.#token();
      if (next?.kind === "text" || next?.kind === "bytes") {
        this.#take();
        payload = typeof next.value === "string" ? textBytes(next.value) : (next.value as Uint8Array);
        break;
      }
      layers.push(this.#layer());
    } while (this.#symbol("/"));
    if (this.#token()) throw this.#unexpected('layers are joined by "/"');
    return { layers, payload };
  }

  #layer(): GivenLayer {
    const name = this.#token();
    if (name?.kind !== "name") throw this.#unexpected("the name of a protocol is expected");
    this.#take();
    const text = String(name.value);
    const message =
      this.#registry.named(ALIASES[text.toLowerCase()] ?? text) ?? this.#registry.named(text.toLowerCase());
    if (!message) {
      const near = nearestNames(
        text,
        this.#registry.messages.map((each) => each.name),
      );
      throw new QueryError(
        `there is no protocol ${text}`,
        name,
        near.length > 0 ? `did you mean ${near.join(", ")}?` : "parley packets protocols lists them",
      );
    }
    const given: Record<string, unknown> = {};
    if (!this.#symbol("(")) return { message, given };
    while (!this.#symbol(")")) {
      const { member, place } = this.#field(message);
      given[member.name] = valueFor(member.spec, this.#value(), `${message.name}.${member.name}`, place);
      if (!this.#symbol(",") && this.#token()?.value !== ")") throw this.#unexpected('"," or ")" is missing');
    }
    return { message, given };
  }

  #field(message: Message): { member: Member; place: Token } {
    const name = this.#token();
    if (name?.kind !== "name") throw this.#unexpected("the name of a field is expected");
    this.#take();
    const member = memberNamed(message, String(name.value));
    if (!member) {
      const near = nearestNames(
        String(name.value),
        message.members.map((each) => each.name),
      );
      const all = message.members.map((each) => each.name).join(", ");
      throw new QueryError(
        `${message.name} has no field ${String(name.value)}`,
        name,
        near.length > 0 ? `did you mean ${near.join(", ")}?` : `it has ${all}`,
      );
    }
    if (!this.#symbol("=") && !this.#symbol(":")) throw this.#unexpected('"=" and a value are missing');
    return { member, place: name };
  }

  #value(): Piece {
    const token = this.#token();
    if (!token) throw this.#unexpected("a value is missing");
    const place = { at: token.at, length: token.length };
    if (this.#symbol("[")) return { raw: this.#list(), ...place };
    if (this.#symbol("{")) return { raw: this.#object(), ...place };
    if (token.kind === "symbol") throw this.#unexpected("a value is missing");
    this.#take();
    if (token.kind === "name" && (token.value === "true" || token.value === "false"))
      return { raw: token.value === "true", ...place };
    return { raw: token.value, ...place };
  }

  #list(): Raw[] {
    const items: Raw[] = [];
    while (!this.#symbol("]")) {
      items.push(this.#value().raw);
      if (!this.#symbol(",") && this.#token()?.value !== "]") throw this.#unexpected('"," or "]" is missing');
    }
    return items;
  }

  #object(): Record<string, Raw> {
    const object: Record<string, Raw> = Object.create(null) as Record<string, Raw>;
    while (!this.#symbol("}")) {
      const name = this.#token();
      if (name?.kind !== "name" && name?.kind !== "text")
        throw this.#unexpected("the name of a field is expected");
      this.#take();
      if (!this.#symbol("=") && !this.#symbol(":")) throw this.#unexpected('"=" and a value are missing');
      object[String(name.value)] = this.#value().raw;
      if (!this.#symbol(",") && this.#token()?.value !== "}") throw this.#unexpected('"," or "}" is missing');
    }
    return object;
  }

  #token(): Token | undefined {
    TOKEN.lastIndex = this.#at;
    const found = TOKEN.exec(this.#text);
    if (!found) {
      if (this.#text.slice(this.#at).trim() === "") return undefined;
      throw new QueryError(`"${this.#text[this.#at]}" is not expected here`, { at: this.#at, length: 1 });
    }
    const [whole, quoted, hex, number, name, symbol] = found;
    const length = whole.trimStart().length;
    const at = this.#at + whole.length - length;
    const place = { at, length, end: this.#at + whole.length };
    if (quoted !== undefined) return { kind: "text", value: unquoted(quoted), ...place };
    if (hex !== undefined) return { kind: "bytes", value: hexBytesOf(hex, place), ...place };
    if (number !== undefined) return { kind: "number", value: numberOf(number), ...place };
    if (name !== undefined) return { kind: "name", value: name, ...place };
    return { kind: "symbol", value: symbol!, ...place };
  }

  #take(): void {
    this.#at = this.#token()?.end ?? this.#at;
  }

  #symbol(symbol: string): boolean {
    const token = this.#token();
    if (token?.kind !== "symbol" || token.value !== symbol) return false;
    this.#at = token.end;
    return true;
  }

  #unexpected(remedy: string): QueryError {
    const token = this.#token();
    if (!token)
      return new QueryError("the packet ends too early", { at: this.#text.length, length: 1 }, remedy);
    return new QueryError(`"${this.#text.slice(token.at, token.end)}" is not expected here`, token, remedy);
  }
}

interface Token {
  readonly kind: "text" | "bytes" | "number" | "name" | "symbol";
  readonly value: string | number | bigint | Uint8Array;
  readonly at: number;
  readonly length: number;
  readonly end: number;
}

function unquoted(text: string): string {
  return text
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (_, each: string) => (each === "n" ? "\n" : each === "r" ? "\r" : each));
}

function numberOf(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function hexBytesOf(text: string, place: { at: number; length: number }): Uint8Array {
  const digits = text.slice(2);
  if (digits === "") throw new QueryError(`"${text}" has no digits`, place, "write 0x47");
  const even = digits.length % 2 === 1 ? `0${digits}` : digits;
  return Uint8Array.from({ length: even.length / 2 }, (_, i) =>
    Number.parseInt(even.slice(2 * i, 2 * i + 2), 16),
  );
}

/** A member by its name, in snake case too, or by the end of a query name. */
function memberNamed(message: Message, name: string): Member | undefined {
  const { members } = message;
  const wanted = SHORT_NAMES[name] ?? name;
  const exact = members.find((member) => member.name === wanted || snake(member.name) === wanted);
  return (
    exact ??
    members.find(({ spec }) => queriesOf(spec).some((query) => query === name || query.endsWith(`.${name}`)))
  );
}

function queriesOf(spec: Spec): readonly string[] {
  return spec.kind === "when" ? queriesOf(spec.field) : (spec.query ?? []);
}

/** What was written as what the field takes. */
function valueFor(spec: Spec, piece: Piece, path: string, place: { at: number; length: number }): unknown {
  const { raw } = piece;
  const inside = (each: Spec, value: Raw, name: string): unknown =>
    valueFor(each, { ...piece, raw: value }, `${path}.${name}`, place);
  switch (spec.kind) {
    case "uint":
      return uintFor(spec, piece, path);
    case "flags":
      return flagsFor(spec, piece, path);
    case "bytes":
      if (spec.form === "text" && raw instanceof Uint8Array) return String.fromCharCode(...raw);
      return spec.form === "bytes" && typeof raw === "string" ? textBytes(raw) : raw;
    case "when":
      return valueFor(spec.field, piece, path, place);
    case "list":
      if (!Array.isArray(raw)) throw new QueryError(`${path} takes a list`, piece, "write [ …, … ]");
      return raw.map((each: Raw, i) => inside(spec.item, each, String(i)));
    case "struct": {
      if (!isObject(raw)) throw new QueryError(`${path} takes fields`, piece, "write { name = value, … }");
      return Object.fromEntries(
        Object.entries(raw).map(([name, each]) => {
          const member = memberNamed(spec.message, name);
          if (!member) throw new QueryError(`${spec.message.name} has no field ${name}`, piece);
          return [member.name, inside(member.spec, each, member.name)];
        }),
      );
    }
    case "choose": {
      if (!isObject(raw)) {
        const takesText = [...spec.cases.values()].some(
          (each) => each.kind === "address" || (each.kind === "bytes" && each.form === "text"),
        );
        return typeof raw === "string" && !takesText ? textBytes(raw) : raw;
      }
      const fitting = [...spec.cases.values()].find(
        (each) => each.kind === "struct" && Object.keys(raw).every((name) => memberNamed(each.message, name)),
      );
      if (!fitting) throw new QueryError(`${path} has no form with these fields`, piece);
      return valueFor(fitting, piece, path, place);
    }
    default:
      return raw;
  }
}

function isObject(raw: Raw): raw is { readonly [name: string]: Raw } {
  return typeof raw === "object" && !Array.isArray(raw) && !(raw instanceof Uint8Array);
}

function uintFor(spec: Spec & { readonly kind: "uint" }, piece: Piece, path: string): number | bigint {
  const { raw } = piece;
  if (raw instanceof Uint8Array) {
    const value = raw.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    return spec.bits > 48 ? value : Number(value);
  }
  if (typeof raw === "boolean") return raw ? 1 : 0;
  if (typeof raw === "number") return spec.bits > 48 ? BigInt(raw) : raw;
  if (typeof raw === "bigint") return raw;
  const named = [...(spec.names ?? [])].find(([, name]) => name.toLowerCase() === String(raw).toLowerCase());
  if (named) return named[0];
  const known = [...(spec.names?.values() ?? [])].slice(0, 8).join(", ");
  throw new QueryError(
    `${path} takes a number`,
    piece,
    known === "" ? "write 53 or 0x35" : `or one of ${known}`,
  );
}

function flagsFor(spec: Spec & { readonly kind: "flags" }, piece: Piece, path: string): unknown {
  const { raw } = piece;
  if (isObject(raw)) return raw;
  const bytes = raw instanceof Uint8Array ? raw.reduce((sum, byte) => sum * 256 + byte, 0) : raw;
  if (typeof bytes === "number") {
    const set = spec.flags.map(({ name, mask }) => [name, (bytes & mask) !== 0] as const);
    return { ...Object.fromEntries(set), other: bytes & spec.otherMask };
  }
  const names = Array.isArray(bytes)
    ? bytes.map(String)
    : String(bytes)
        .split(/[,+| ]+/)
        .filter((each) => each !== "");
  for (const name of names)
    if (!spec.flags.some((flag) => flag.name === name))
      throw new QueryError(
        `${path} has no flag ${name}`,
        piece,
        `it has ${spec.flags.map((flag) => flag.name).join(", ")}`,
      );
  return Object.fromEntries(names.map((name) => [name, true]));
}
