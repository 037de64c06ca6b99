/** How people name a type of LSA. */
export interface LsaTypeNames {
  /** LS type. RFC 2328 A.4.1, RFC 5250. */
  readonly type: number;
  /** The word of `show ip ospf database …`. */
  readonly word: string;
  readonly help: string;
  /** Above a list of them. */
  readonly title: string;
  /** One of them. */
  readonly name: string;
  /** Behind its Link State ID. */
  readonly idMeaning: string;
  /** Of a list, in JSON. */
  readonly key: string;
}

/** In the order in which they are listed; the two last are of the whole autonomous system. */
export const LSA_TYPES = [
  {
    type: 1,
    word: "router",
    help: "Router link states",
    title: "Router Link States",
    name: "router-LSA",
    idMeaning: "",
    key: "routerLinkStates",
  },
  {
    type: 2,
    word: "network",
    help: "Network link states",
    title: "Net Link States",
    name: "network-LSA",
    idMeaning: "(address of Designated Router)",
    key: "networkLinkStates",
  },
  {
    type: 3,
    word: "summary",
    help: "Network summary link states",
    title: "Summary Link States",
    name: "summary-LSA",
    idMeaning: "(summary Network Number)",
    key: "summaryLinkStates",
  },
  {
    type: 4,
    word: "asbr-summary",
    help: "ASBR summary link states",
    title: "ASBR-Summary Link States",
    name: "summary-LSA",
    idMeaning: "(AS Boundary Router address)",
    key: "asbrSummaryLinkStates",
  },
  {
    type: 9,
    word: "opaque-link",
    help: "Link local Opaque-LSA",
    title: "Link-Local Opaque-LSA",
    name: "Link-Local Opaque-LSA",
    idMeaning: "(Link-Local Opaque-Type/ID)",
    key: "linkLocalOpaqueLsa",
  },
  {
    type: 10,
    word: "opaque-area",
    help: "Link area Opaque-LSA",
    title: "Area-Local Opaque-LSA",
    name: "Area-Local Opaque-LSA",
    idMeaning: "(Area-Local Opaque-Type/ID)",
    key: "areaLocalOpaqueLsa",
  },
  {
    type: 5,
    word: "external",
    help: "External link states",
    title: "AS External Link States",
    name: "AS-external-LSA",
    idMeaning: "(External Network Number)",
    key: "asExternalLinkStates",
  },
  {
    type: 11,
    word: "opaque-as",
    help: "Link AS Opaque-LSA",
    title: "AS-Global Opaque-LSA",
    name: "AS-external Opaque-LSA",
    idMeaning: "(AS-external Opaque-Type/ID)",
    key: "asExternalOpaqueLsa",
  },
] as const satisfies readonly LsaTypeNames[];

/** Whether LSAs of a type are of the whole autonomous system. */
export function isOfWholeSystem(type: number): boolean {
  return type === 5 || type === 11;
}
