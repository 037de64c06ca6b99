import type { ValuesOf } from "#packet/message.ts";
import { groupQueryText, groupRecordText } from "#wire/group-text.ts";
import type { MldQuery, MldReport, MldReport2 } from "#wire/mld.ts";
import type {
  NeighborAdvertisement,
  NeighborSolicitation,
  Redirect,
  RouterAdvertisement,
} from "#wire/neighbor-discovery.ts";

/** What a code means, by type. RFC 4443, 4884, 8883 and IANA's registry. */
const CODES: Readonly<Record<number, readonly string[]>> = {
  1: [
    "no route",
    "administratively prohibited",
    "beyond the scope of the source",
    "address unreachable",
    "port unreachable",
    "source failed the policy",
    "route rejected",
    "error in the source route",
  ],
  3: ["hop limit exceeded in transit", "fragment reassembly time exceeded"],
  4: [
    "erroneous header field",
    "unrecognized next header",
    "unrecognized option",
    "incomplete header chain in the first fragment",
  ],
};

interface Body {
  readonly mtu: number;
  readonly pointer: number;
  readonly identifier: number;
  readonly sequence: number;
}

/** A message in a line; `body` is bytes when it is none of the known. */
export function icmpv6Text(type: number, code: number, name: string | undefined, body: unknown): string {
  if (name === undefined) return `type ${type}, code ${code}`;
  const what = name.charAt(0).toLowerCase() + name.slice(1);
  if (body instanceof Uint8Array) return what;
  const { mtu, pointer, identifier, sequence } = body as Body;
  const reason = CODES[type]?.[code] ?? `code ${code}`;
  switch (type) {
    case 1:
    case 3:
      return `${what}, ${reason}`;
    case 2:
      return `${what}, MTU ${mtu}`;
    case 4:
      return `${what}, ${reason}, byte ${pointer}`;
    case 128:
    case 129:
      return `${what}, id ${identifier}, seq ${sequence}`;
    case 130:
      return `${what}, ${queryText(body as ValuesOf<typeof MldQuery>)}`;
    case 131:
    case 132:
      return `${what}, ${(body as ValuesOf<typeof MldReport>).group}`;
    case 143:
      return `${what}: ${reportText(body as ValuesOf<typeof MldReport2>)}`;
    default:
      return what + neighborText(type, body);
  }
}

function queryText({ group, version2 }: ValuesOf<typeof MldQuery>): string {
  const version = version2 ? "version 2, " : "";
  return version + groupQueryText(group, version2?.sources ?? []);
}

function reportText({ records }: ValuesOf<typeof MldReport2>): string {
  return records.length === 0 ? "no groups" : records.map(groupRecordText).join("; ");
}

interface Option {
  readonly type: number;
  readonly data: unknown;
}

function neighborText(type: number, body: unknown): string {
  const { options } = body as { readonly options: readonly Option[] };
  const source = linkAddress(options, 1);
  const from = source === undefined ? "" : `, from ${source}`;
  switch (type) {
    case 133:
      return from;
    case 134:
      return routerText(body as ValuesOf<typeof RouterAdvertisement>) + from;
    case 135:
      return ` for ${(body as ValuesOf<typeof NeighborSolicitation>).target}${from}`;
    case 136:
      return advertisementText(body as ValuesOf<typeof NeighborAdvertisement>);
    case 137: {
      const { target, destination } = body as ValuesOf<typeof Redirect>;
      return target === destination ? `, ${destination} is on the link` : `, ${destination} via ${target}`;
    }
    default:
      return "";
  }
}

function routerText({ routerLifetime, options }: ValuesOf<typeof RouterAdvertisement>): string {
  const prefixes = dataOf(options, 3).map(({ prefix, prefixLength }) => `${prefix}/${prefixLength}`);
  return [...prefixes, `lifetime ${routerLifetime} s`].map((each) => `, ${each}`).join("");
}

function advertisementText(values: ValuesOf<typeof NeighborAdvertisement>): string {
  const { target, options, router, solicited, override } = values;
  const address = linkAddress(options, 2);
  const flags = [router && "router", solicited && "solicited", override && "override"];
  const words = flags.filter((each) => typeof each === "string").map((each) => `, ${each}`);
  return `, ${target}${address === undefined ? "" : ` is at ${address}`}${words.join("")}`;
}

type OptionData = Readonly<Record<string, string | number | undefined>>;

/** What options of one type hold, those that are whole. */
function dataOf(options: readonly Option[], wanted: number): OptionData[] {
  return options
    .filter(({ type, data }) => type === wanted && !(data instanceof Uint8Array))
    .map(({ data }) => data as OptionData);
}

function linkAddress(options: readonly Option[], type: number): string | number | undefined {
  return dataOf(options, type)[0]?.["address"];
}
