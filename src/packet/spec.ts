import type { Expression } from "#packet/expression.ts";
import type { Codec } from "#packet/codec.ts";
import type { Message } from "#packet/message.ts";

/** What people see of a field beside its value. */
export interface Labels {
  /** In the tree and in the documentation: "Time to live". Absent: made of the property's name. */
  readonly title?: string;
  /** Names in queries, Wireshark's where it has them; absent: the message's prefix and the property in snake case. */
  readonly query?: readonly string[];
  /** One line for the documentation. */
  readonly about?: string;
}

/** How a number is written. */
export type NumberDisplay = "decimal" | "hex" | "boolean";

/** A number that emit works out when it was not given. */
export type Computed =
  | { readonly type: "expression"; readonly expression: Expression }
  | { readonly type: "checksum"; readonly checksum: ChecksumSpec }
  /** The key under which `table` leads to the layer that follows; `otherwise` when it stands in none. */
  | { readonly type: "next"; readonly table: string; readonly otherwise?: Expression };

export interface ChecksumSpec {
  /** internet: RFC 1071; fletcher: RFC 905 annex B as OSPF uses it; crc32: IEEE 802.3. */
  readonly algorithm: "internet" | "fletcher" | "crc32";
  /** What it is taken over: the header, or the whole layer with its payload. */
  readonly over: "header" | "layer" | "payload";
  /** The pseudo header of the IP layer that carries this one goes in first (RFC 768, RFC 8200 8.1). */
  readonly pseudo?: boolean;
  /** Bytes from the layer's start that it is taken over, where more follow; absent: as `over` says. */
  readonly length?: Expression;
  /** Bytes left out: from this offset, this many. */
  readonly skip?: readonly [from: number, count: number];
  /** 0 on the wire means that the sender took none (UDP over IPv4); a computed 0 is sent as 0xffff. */
  readonly zeroMeansNone?: boolean;
  /** Only checked and computed where this holds. */
  readonly when?: Expression;
}

export interface UintSpec extends Labels {
  readonly kind: "uint";
  /** 1 to 48, or whole bytes up to 128; above 48 the value is a bigint. */
  readonly bits: number;
  readonly little: boolean;
  readonly signed: boolean;
  readonly initial: number | bigint;
  readonly display: NumberDisplay;
  readonly names?: ReadonlyMap<number, string>;
  readonly computed?: Computed;
  /** Always `initial`: by it the message is known among others. */
  readonly fixed?: boolean;
  /** For the first of integers that share bytes: what queries call all of them together, as one number. */
  readonly whole?: UintSpec;
}

export interface FlagSpec extends Labels {
  readonly name: string;
  readonly mask: number;
}

export interface FlagsSpec extends Labels {
  readonly kind: "flags";
  readonly bits: number;
  readonly little: boolean;
  readonly flags: readonly FlagSpec[];
  /** Bits that have no name: property `other`. */
  readonly otherMask: number;
}

export interface AddressSpec extends Labels {
  readonly kind: "address";
  readonly family: "ipv4" | "ipv6" | "mac";
  readonly initial: string;
}

export interface BytesSpec extends Labels {
  readonly kind: "bytes";
  /** Absent: all that is left. */
  readonly length?: Expression;
  /** text: UTF-8, bytes that are not become lone surrogates; a fixed length is filled with zeros. */
  readonly form: "bytes" | "text";
  /** Padding: when not given, zeros up to a multiple of this, counted from the message's start. */
  readonly align?: number;
}

export interface StructSpec extends Labels {
  readonly kind: "struct";
  readonly message: Message;
}

export interface ListSpec extends Labels {
  readonly kind: "list";
  readonly item: Spec;
  /** So many items; or so many bytes of items; or, with neither, items to the end. */
  readonly count?: Expression;
  readonly length?: Expression;
  /** Ends the list after the item for whose fields this holds. */
  readonly until?: Expression;
  /** Where this does not hold for an item that is not whole, it is no item: the list ends before it. */
  readonly fits?: Expression;
}

export interface WhenSpec extends Labels {
  readonly kind: "when";
  readonly condition: Expression;
  readonly field: Spec;
}

export interface ChooseSpec extends Labels {
  readonly kind: "choose";
  readonly on: Expression;
  readonly cases: ReadonlyMap<number, Spec>;
  /** What to read for another key, and when a case does not fill `length` exactly. */
  readonly otherwise: Spec;
  /** Bytes that the chosen field takes; absent: what it takes. */
  readonly length?: Expression;
  /** What queries call all these bytes, whatever was chosen; needs `length`. */
  readonly raw?: BytesSpec;
  /** A case that breaks off stops nothing: what was there of it is shown, its value is that of `otherwise`. */
  readonly salvage?: boolean;
}

export interface CodecSpec extends Labels {
  readonly kind: "codec";
  readonly codec: Codec<unknown>;
  /** Bytes that it takes; absent: what it takes. */
  readonly length?: Expression;
}

export type Spec =
  UintSpec | FlagsSpec | AddressSpec | BytesSpec | StructSpec | ListSpec | WhenSpec | ChooseSpec | CodecSpec;
