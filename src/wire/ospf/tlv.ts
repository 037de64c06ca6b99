import { choose, computed, padding, u16 } from "#packet/field.ts";
import { message } from "#packet/message.ts";

interface TlvOptions<Cases> {
  readonly title: string;
  readonly rfc: string;
  /** The type's name in queries. */
  readonly type?: string;
  readonly names: Readonly<Record<number, string>>;
  /** The query name of a value that no case knows. */
  readonly unknown?: string;
  /** The query name of the padding. */
  readonly padding?: string;
  readonly cases: Cases;
}

/**
 * Type, length, value: what opaque LSAs and link-local signaling are made of. The next starts at a multiple of four
 * bytes, and the length leaves the padding out; the last one's padding may be missing.
 */
export function tlv<const Cases extends Readonly<Record<number, unknown>>>(
  name: string,
  { title, rfc, type = "ospf.tlv_type", names, unknown, padding: pad, cases }: TlvOptions<Cases>,
) {
  return message(name, {
    title,
    rfc,
    fields: {
      type: u16(0, { query: type, names }),
      length: u16(computed("sizeOf.value"), { query: "ospf.tlv_length" }),
      value: choose("type", cases, { length: "length", query: unknown ?? [] }),
      padding: padding(4),
    },
    headerSize: "4 + ((length + 3) / 4 * 4 < rest ? (length + 3) / 4 * 4 : rest)",
    derived:
      pad === undefined
        ? {}
        : { [pad]: { type: "bytes", title: "Padding", value: "padding", when: "size > length + 4" } },
  });
}
