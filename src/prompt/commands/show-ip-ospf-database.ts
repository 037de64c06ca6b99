import type { Lsa } from "#api/gen/parley/v1/ospf_pb.ts";
import type { CallOptions } from "@connectrpc/connect";
import { linesAnswer, type Answer } from "#prompt/answer.ts";
import { detailJson, detailLines, listHeader, listJson, listLine } from "#prompt/commands/ospf-lsa-lines.ts";
import { isOfWholeSystem, LSA_TYPES, type LsaTypeNames } from "#prompt/commands/ospf-lsa-types.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command, type Declaration } from "#prompt/grammar.ts";

const DATABASE = [
  "Show running system information",
  "IP information",
  "OSPF information",
  "Database summary",
] as const;
const LSID = "Link State ID (as an IP address)";
const SELF = "Self-originated link states";
const BY = "Advertising router link states";
const ROUTER = "Router id of the advertising router";

interface Query {
  readonly type?: number;
  readonly linkStateId?: string | undefined;
  readonly selfOriginated?: boolean;
  readonly advertisingRouter?: string;
}

/** The list of all, and for each type all that its LSAs say. */
export const OSPF_DATABASE_COMMANDS: readonly Declaration<ParleyContext>[] = [
  command<ParleyContext>()("show ip ospf database", {
    help: DATABASE,
    run: (context, _args, call) => listAnswer(context, {}, call),
  }),
  command<ParleyContext>()("show ip ospf database self-originate", {
    help: [...DATABASE, SELF],
    run: (context, _args, call) => listAnswer(context, { selfOriginated: true }, call),
  }),
  command<ParleyContext>()("show ip ospf database adv-router <router:ospfrouter>", {
    help: [...DATABASE, BY, ROUTER],
    run: (context, { router }, call) => listAnswer(context, { advertisingRouter: router }, call),
  }),
  ...LSA_TYPES.flatMap(commandsOf),
];

function commandsOf(names: (typeof LSA_TYPES)[number]): readonly Declaration<ParleyContext>[] {
  const { word, help, type } = names;
  const answer = (context: ParleyContext, query: Query, call: CallOptions) =>
    detailAnswer(context, names, { ...query, type }, call);
  return [
    command<ParleyContext>()(`show ip ospf database ${word} [id:ip]`, {
      help: [...DATABASE, help, LSID],
      run: (context, { id }, call) => answer(context, { linkStateId: id }, call),
    }),
    command<ParleyContext>()(`show ip ospf database ${word} self-originate`, {
      help: [...DATABASE, help, SELF],
      run: (context, _args, call) => answer(context, { selfOriginated: true }, call),
    }),
    command<ParleyContext>()(`show ip ospf database ${word} adv-router <router:ospfrouter>`, {
      help: [...DATABASE, help, BY, ROUTER],
      run: (context, { router }, call) => answer(context, { advertisingRouter: router }, call),
    }),
    command<ParleyContext>()(`show ip ospf database ${word} <id:ip> self-originate`, {
      help: [...DATABASE, help, LSID, SELF],
      run: (context, { id }, call) => answer(context, { linkStateId: id, selfOriginated: true }, call),
    }),
    command<ParleyContext>()(`show ip ospf database ${word} <id:ip> adv-router <router:ospfrouter>`, {
      help: [...DATABASE, help, LSID, BY, ROUTER],
      run: (context, { id, router }, call) =>
        answer(context, { linkStateId: id, advertisingRouter: router }, call),
    }),
  ];
}

interface Found {
  readonly routerId: string;
  readonly areas: readonly string[];
  readonly lsas: readonly Lsa[];
}

async function find({ client }: ParleyContext, query: Query, call: CallOptions): Promise<Found> {
  const { linkStateId = "", ...rest } = query;
  const found = { routerId: "", areas: [] as string[], lsas: [] as Lsa[] };
  for await (const portion of (await client()).ospf.listDatabase({ ...rest, linkStateId }, call)) {
    found.routerId = portion.routerId;
    found.areas.push(...portion.areas);
    for (const lsa of portion.lsas) found.lsas.push(lsa);
  }
  return found;
}

async function listAnswer(context: ParleyContext, query: Query, call: CallOptions): Promise<Answer> {
  const found = await find(context, query, call);
  const blocks: Answer["blocks"][number][] = [
    { type: "lines", lines: ["", ownLine(found), ""], isHeading: true },
  ];
  for (const section of sectionsOf(found)) {
    if (section.lsas.length === 0) continue;
    const title = [titleOf(section), "", listHeader(section.names.type)];
    blocks.push({ type: "lines", lines: title, isHeading: true });
    blocks.push({ type: "lines", lines: section.lsas.map(listLine) });
    blocks.push({ type: "lines", lines: [""], isHeading: true });
  }
  return { value: databaseJson(found), blocks };
}

async function detailAnswer(
  context: ParleyContext,
  names: LsaTypeNames,
  query: Query,
  call: CallOptions,
): Promise<Answer> {
  const found = await find(context, query, call);
  const sections = sectionsOf(found).filter((section) => section.names.type === names.type);
  const lines = ["", ownLine(found), ""];
  for (const section of sections) {
    lines.push(...(section.area === "" ? [] : [""]), titleOf(section), "");
    for (const lsa of section.lsas) lines.push(...detailLines(lsa, names));
  }
  return linesAnswer(typeJson(found, names, sections), lines);
}

function ownLine({ routerId }: Found): string {
  return `       OSPF Router with ID (${routerId})`;
}

interface Section {
  /** Empty: the whole autonomous system. */
  readonly area: string;
  readonly names: LsaTypeNames;
  readonly lsas: readonly Lsa[];
}

/** One for each area and type, also where there are no LSAs, and those of the whole autonomous system. */
function sectionsOf({ areas, lsas }: Found): Section[] {
  const byPlace = new Map<string, Lsa[]>();
  for (const lsa of lsas) {
    const place = `${lsa.area} ${lsa.type}`;
    const same = byPlace.get(place);
    if (same) same.push(lsa);
    else byPlace.set(place, [lsa]);
  }
  const section = (area: string, names: LsaTypeNames): Section => {
    return { area, names, lsas: byPlace.get(`${area} ${names.type}`) ?? [] };
  };
  const ofAreas = areas.flatMap((area) =>
    LSA_TYPES.filter(({ type }) => !isOfWholeSystem(type)).map((names) => section(area, names)),
  );
  const ofAll = LSA_TYPES.filter(({ type }) => isOfWholeSystem(type)).map((names) => section("", names));
  return [...ofAreas, ...ofAll];
}

function titleOf({ area, names }: Section): string {
  return `                ${names.title}${area === "" ? "" : ` (Area ${area})`}`;
}

function databaseJson(found: Found): unknown {
  const areas: Record<string, Record<string, unknown>> = {};
  const whole: Record<string, unknown> = {};
  for (const { area, names, lsas } of sectionsOf(found)) {
    const into = area === "" ? whole : (areas[area] ??= {});
    if (lsas.length === 0) continue;
    into[names.key] = lsas.map(listJson);
    into[`${names.key}Count`] = lsas.length;
  }
  return { routerId: found.routerId, areas, ...whole };
}

function typeJson({ routerId }: Found, names: LsaTypeNames, sections: readonly Section[]): unknown {
  const json = ({ lsas }: Section) => lsas.map((lsa) => detailJson(lsa, names));
  const content = isOfWholeSystem(names.type)
    ? sections.flatMap(json)
    : { areas: Object.fromEntries(sections.map((section) => [section.area, json(section)])) };
  return { routerId, [names.key]: content };
}
