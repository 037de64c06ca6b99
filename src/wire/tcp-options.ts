import { groupBy } from "#base/group-by.ts";
import { bit, bits, bytes, choose, computed, list, u16, u24, u32, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { MULTIPATH, multipathForms } from "#wire/tcp-multipath.ts";

const MaximumSegment = message("tcp.options.mss", {
  title: "Maximum segment size",
  fields: { maximum: u16(1460, { query: "tcp.options.mss_val" }) },
});

const WindowScale = message("tcp.options.wscale", {
  title: "Window scale",
  fields: { shift: u8(0, { query: "tcp.options.wscale.shift" }) },
  derived: {
    "tcp.options.wscale.multiplier": {
      type: "number",
      title: "Multiplier",
      value: "1 << (shift > 14 ? 14 : shift)",
    },
  },
});

const SackBlock = message("tcp.options.sack.block", {
  fields: {
    left: u32(0, { query: "tcp.options.sack_le" }),
    right: u32(0, { query: "tcp.options.sack_re" }),
  },
});

const Sack = message("tcp.options.sack", {
  title: "Selective acknowledgment",
  rfc: "RFC 2018",
  fields: {
    blocks: list(SackBlock, { count: "rest / 8" }),
    strayLeft: when("rest >= 4", u32(0, { query: "tcp.options.sack_le" })),
    extra: when("rest > 0", bytes("rest", { query: [] })),
  },
  derived: { "tcp.options.sack.count": { type: "number", title: "Blocks", value: "size / 8" } },
});

const Echo = message("tcp.options.echo", {
  title: "Echo",
  fields: { value: u32(0, { query: "tcp.options.echo_value" }) },
});

const Timestamps = message("tcp.options.timestamp", {
  title: "Timestamps",
  rfc: "RFC 7323",
  fields: {
    value: u32(0, { query: "tcp.options.timestamp.tsval" }),
    echo: u32(0, { query: "tcp.options.timestamp.tsecr" }),
  },
});

const ConnectionCount = message("tcp.options.cc", {
  title: "Connection count",
  rfc: "RFC 1644",
  fields: { value: u32(0, { query: "tcp.options.cc_value" }) },
});

const SpaceCapabilities = message("tcp.options.scps", {
  title: "SCPS capabilities",
  fields: {
    bestEffort: bit({
      query: "tcp.options.scpsflags.bets",
      whole: { query: "tcp.options.scps.vector", title: "Capabilities", display: "hex" },
    }),
    shortSnack: bit({ query: "tcp.options.scpsflags.snack1" }),
    longSnack: bit({ query: "tcp.options.scpsflags.snack2" }),
    compression: bit({ query: "tcp.options.scpsflags.compress" }),
    timestamps: bit({ query: "tcp.options.scpsflags.nlts" }),
    reserved: bits(3, 0, { query: "tcp.options.scpsflags.reserved" }),
    connection: u8(0, { query: "tcp.options.scps.binding" }),
  },
});

const Snack = message("tcp.options.snack", {
  title: "Selective negative acknowledgment",
  fields: {
    offset: u16(0, { query: "tcp.options.snack.offset" }),
    size1: u16(0, { query: "tcp.options.snack.size", title: "Size" }),
  },
});

const QuickStart = message("tcp.options.qs", {
  title: "Quick start",
  rfc: "RFC 4782",
  fields: {
    reserved: bits(4, 0, { query: [] }),
    rate: bits(4, 0, { query: "tcp.options.qs.rate" }),
    ttlDifference: u8(0, { query: "tcp.options.qs.ttl_diff" }),
    nonce: u32(0, { query: [], display: "hex", about: "and two bits that are reserved" }),
  },
});

const UserTimeout = message("tcp.options.user_to", {
  title: "User timeout",
  rfc: "RFC 5482",
  fields: {
    inMinutes: bit({ query: "tcp.options.user_to_granularity" }),
    timeout: bits(15, 0, { query: "tcp.options.user_to_val", about: "in seconds, or minutes" }),
  },
});

const Authentication = message("tcp.options.ao", {
  title: "Authentication",
  rfc: "RFC 5925",
  fields: {
    keyId: u8(0, { query: "tcp.options.ao.keyid" }),
    nextKeyId: u8(0, { query: "tcp.options.ao.rnextkeyid" }),
    mac: when("rest > 0", bytes("rest", { query: "tcp.options.ao.mac", title: "MAC" })),
  },
});

const COOKIE = { query: "tcp.options.tfo.cookie", title: "Cookie" } as const;
const FastOpen = message("tcp.options.tfo", {
  title: "Fast open",
  rfc: "RFC 7413",
  fields: { cookie: when("rest > 0", bytes("rest", COOKIE)) },
  derived: { "tcp.options.tfo.request": { type: "none", title: "Request", value: "1", when: "size == 0" } },
});

const ZERO = { query: "tcp.options.acc_ecn.ee0b", title: "Bytes marked ECT(0)" } as const;
const ONE = { query: "tcp.options.acc_ecn.ee1b", title: "Bytes marked ECT(1)" } as const;
const MARKED = { query: "tcp.options.acc_ecn.eceb", title: "Bytes marked CE" } as const;
const AccurateEcn0 = message("tcp.options.acc_ecn", {
  title: "Accurate ECN",
  fields: {
    ect0: when("rest > 0", u24(0, ZERO)),
    ce: when("rest > 0", u24(0, MARKED)),
    ect1: when("rest > 0", u24(0, ONE)),
  },
});

const AccurateEcn1 = message("tcp.options.acc_ecn1", {
  title: "Accurate ECN",
  fields: {
    ect1: when("rest > 0", u24(0, ONE)),
    ce: when("rest > 0", u24(0, MARKED)),
    ect0: when("rest > 0", u24(0, ZERO)),
  },
});

const FAST_OPEN = "experiment == 0xf989";
const ECN0 = "experiment == 0xacc0 && rest >= 3";
const ECN1 = "experiment == 0xacc1 && rest >= 3";
const Experimental = message("tcp.options.experimental", {
  title: "Experimental",
  rfc: "RFC 6994",
  fields: {
    experiment: u16(0, { query: "tcp.options.experimental.exid", display: "hex" }),
    cookie: when(`${FAST_OPEN} && rest > 0`, bytes("rest", COOKIE)),
    firstEct0: when(ECN0, u24(0, ZERO)),
    firstEct1: when(ECN1, u24(0, ONE)),
    ce: when(`${ECN0} || ${ECN1}`, u24(0, MARKED)),
    lastEct1: when(ECN0, u24(0, ONE)),
    lastEct0: when(ECN1, u24(0, ZERO)),
    data: when("rest > 0", bytes("rest", { query: "tcp.options.experimental.data" })),
  },
  derived: {
    "tcp.options.tfo.request": {
      type: "none",
      title: "Fast open request",
      value: "1",
      when: `${FAST_OPEN} && size == 2`,
    },
  },
});

interface Kind {
  readonly kind: number;
  readonly name: string;
  /** What queries call the whole option. */
  readonly query: string;
  /** For which lengths the option has a meaning. */
  readonly fits: string;
}

const option = (kind: number, name: string, query: string, fits: string | number): Kind => ({
  kind,
  name,
  query,
  fits: typeof fits === "number" ? `length == ${fits}` : fits,
});

const KINDS: readonly Kind[] = [
  option(0, "End of Option List", "tcp.options.eol", "1"),
  option(1, "No-Operation", "tcp.options.nop", "1"),
  option(2, "Maximum Segment Size", "tcp.options.mss", 4),
  option(3, "Window Scale", "tcp.options.wscale", 3),
  option(4, "SACK permitted", "tcp.options.sack_perm", 2),
  option(5, "SACK", "tcp.options.sack", "1"),
  option(6, "Echo", "tcp.options.echo", 6),
  option(7, "Echo reply", "tcp.options.echo", 6),
  option(8, "Timestamps", "tcp.options.timestamp", 10),
  option(11, "CC", "tcp.options.cc", 6),
  option(12, "CC.NEW", "tcp.options.cc", 6),
  option(13, "CC.ECHO", "tcp.options.cc", 6),
  option(19, "MD5 signature", "tcp.options.md5", 18),
  option(20, "SCPS capabilities", "tcp.options.scps", 4),
  option(21, "SNACK", "tcp.options.snack", 6),
  option(22, "SCPS record boundary", "tcp.options.scpsrec", 2),
  option(23, "SCPS corruption experienced", "tcp.options.scpscor", 2),
  option(27, "Quick-Start", "tcp.options.qs", 8),
  option(28, "User timeout", "tcp.options.user_to", 4),
  option(29, "TCP AO", "tcp.options.ao", "length >= 4"),
  option(30, "Multipath TCP", "mptcp", "length >= 3"),
  option(34, "Fast open", "tcp.options.tfo", "1"),
  option(76, "Riverbed probe", "tcp.options.rvbd.probe", "0"),
  option(78, "Riverbed transparency", "tcp.options.rvbd.trpy", "0"),
  option(172, "Accurate ECN order 0", "tcp.options.acc_ecn", "length <= 11 && length % 3 == 2"),
  option(174, "Accurate ECN order 1", "tcp.options.acc_ecn", "length <= 11 && length % 3 == 2"),
  option(253, "Experiment 1", "tcp.options.experimental", "length >= 4"),
  option(254, "Experiment 2", "tcp.options.experimental", "length >= 4"),
];

const isKnown = KINDS.map(({ kind }) => `kind == ${kind}`).join(" || ");
/** The option that most segments have is asked for first. */
const ASKED = KINDS.filter(({ kind }) => kind > 1).toSorted(
  (a, b) => Number(b.kind === 8) - Number(a.kind === 8),
);
/** By which the data is chosen: the kind, or 256 where the length has no meaning; one of 0 is emit's to work out. */
const FORM = ASKED.reduceRight(
  (otherwise, { kind, fits }) =>
    `kind == ${kind} ? (${fits} || length == 0 ? ${kind === 30 ? MULTIPATH : kind} : 256) : (${otherwise})`,
  "length == 2 ? 256 : kind",
);

const containers = groupBy(KINDS, ({ query }) => query);

/** One option. Kinds 0 and 1 are single bytes. RFC 9293 3.1. */
export const TcpOption = message("tcp.option", {
  title: "Option",
  fields: {
    kind: u8(1, {
      query: "tcp.option_kind",
      names: new Map(KINDS.map(({ kind, name }) => [kind, name])),
    }),
    length: when("kind > 1", u8(computed("headerSize"), { query: "tcp.option_len" })),
    data: when(
      "kind > 1",
      choose(
        FORM,
        {
          2: MaximumSegment,
          3: WindowScale,
          4: bytes("rest", { query: [] }),
          5: Sack,
          6: Echo,
          7: Echo,
          8: Timestamps,
          11: ConnectionCount,
          12: ConnectionCount,
          13: ConnectionCount,
          19: bytes("rest", { query: "tcp.options.md5.digest" }),
          20: SpaceCapabilities,
          21: Snack,
          22: bytes("rest", { query: [] }),
          23: bytes("rest", { query: [] }),
          27: QuickStart,
          28: UserTimeout,
          29: Authentication,
          34: FastOpen,
          172: AccurateEcn0,
          174: AccurateEcn1,
          253: Experimental,
          254: Experimental,
          256: bytes("rest", { query: [] }),
          ...multipathForms,
        },
        { length: "length - 2", otherwise: bytes("rest", { query: "tcp.options.unknown.payload" }) },
      ),
    ),
  },
  derived: {
    ...Object.fromEntries(
      [...containers].map(([query, kinds]) => [
        query,
        {
          type: "none" as const,
          title: kinds[0]!.name,
          value: "kind",
          when: kinds.map(({ kind }) => `kind == ${kind}`).join(" || "),
        },
      ]),
    ),
    "tcp.options.unknown": { type: "none", title: "Unknown option", value: "kind", when: `!(${isKnown})` },
  },
});
