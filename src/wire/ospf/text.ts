import { groupBy } from "#base/group-by.ts";
import type { ValuesOf } from "#packet/message.ts";
import type {
  DatabaseDescription,
  Hello,
  LinkStateAcknowledgment,
  LinkStateRequest,
  LinkStateUpdate,
} from "#wire/ospf/packets.ts";

const LSA_NAMES: Readonly<Record<number, string>> = {
  1: "router",
  2: "network",
  3: "summary",
  4: "ASBR summary",
  5: "external",
  6: "group membership",
  7: "NSSA",
  8: "external attributes",
  9: "link-local opaque",
  10: "area opaque",
  11: "AS opaque",
};

interface Identity {
  readonly routerId: string;
  readonly areaId: string;
}

/** A packet in a line; `body` is bytes when the type is not known. */
export function ospfText(type: number, { routerId, areaId }: Identity, body: unknown): string {
  if (body instanceof Uint8Array) return `type ${type}`;
  switch (type) {
    case 1: {
      const count = (body as ValuesOf<typeof Hello>).neighbors.length;
      const neighbors = `${count} ${count === 1 ? "neighbor" : "neighbors"}`;
      return `hello, router ${routerId}, area ${areaId}, ${neighbors}`;
    }
    case 2:
      return descriptionText(body as ValuesOf<typeof DatabaseDescription>);
    case 3:
      return `link state request, ${lsasText((body as ValuesOf<typeof LinkStateRequest>).requests)}`;
    case 4:
      return `link state update, ${lsasText((body as ValuesOf<typeof LinkStateUpdate>).lsas)}`;
    case 5: {
      const { lsaHeaders } = body as ValuesOf<typeof LinkStateAcknowledgment>;
      return `link state acknowledgment, ${lsasText(lsaHeaders)}`;
    }
    default:
      return `type ${type}`;
  }
}

function descriptionText(values: ValuesOf<typeof DatabaseDescription>): string {
  const { flags, ddSequenceNumber, interfaceMtu, lsaHeaders } = values;
  const letters = [flags.init && "I", flags.more && "M", flags.master && "MS"].filter(
    (each) => each !== false,
  );
  const parts = ["database description", ...(letters.length > 0 ? [letters.join(" ")] : [])];
  parts.push(`sequence ${ddSequenceNumber}`, `MTU ${interfaceMtu}`);
  if (lsaHeaders.length > 0) parts.push(lsasText(lsaHeaders));
  return parts.join(", ");
}

/** "3 LSAs: 2 router, network". */
function lsasText(lsas: readonly { readonly lsType: number }[]): string {
  const kinds = [...groupBy(lsas, ({ lsType }) => lsType)].map(([type, { length }]) => {
    const name = LSA_NAMES[type] ?? `type ${type}`;
    return length === 1 ? name : `${length} ${name}`;
  });
  if (lsas.length === 0) return "no LSAs";
  return `${lsas.length} ${lsas.length === 1 ? "LSA" : "LSAs"}: ${kinds.join(", ")}`;
}
