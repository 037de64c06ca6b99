import { bit, bits, next, u16, u24, u8, when } from "#packet/field.ts";
import { message, type DerivedOptions } from "#packet/message.ts";
import { ETHERTYPES, etherTypeText } from "#wire/names.ts";

/** Service access points: IEEE's registry, without the bit that tells a group or a response. */
const SAPS = {
  0x00: "Null",
  0x02: "Layer management",
  0x04: "SNA path control",
  0x06: "IPv4",
  0x42: "Spanning tree",
  0x98: "ARP",
  0xaa: "SNAP",
  0xe0: "NetWare",
  0xf0: "NetBIOS",
  0xfe: "OSI network layer",
  0xff: "Global",
};

const IS_SNAP = "dsap == 0xaa && ssap == 0xaa";
const IS_UNNUMBERED = "(control & 3) == 3";
/** A frame of data: numbered, or unnumbered information without the poll bit. */
const IS_DATA = "((control & 1) == 0 || control == 3)";
const IS_EXCHANGE = "(control & 0xef) == 0xaf";
const IS_RESPONSE = "(ssap & 1) == 1";
/** Sequence numbers and the poll bit of the two bytes, the second one high. */
const WIDE = "(sequence << 8 | control)";

/** Organizations whose protocol numbers are Ethernet's types. */
const TYPED = "(oui == 0 || oui == 0xf8)";
const PIDS = {
  "llc.cisco_pid": 0x00000c,
  "llc.iana_pid": 0x00005e,
  "llc.nortel_pid": 0x000081,
  "llc.force10_pid": 0x0001e8,
  "llc.wlccp_pid": 0x004096,
  "llc.extreme_pid": 0x00e02b,
  "llc.foundry_pid": 0x00e052,
  "llc.hpteam_pid": 0x0080a0,
  "llc.apple_atalk_pid": 0x080007,
};
const OTHER_OUI = [...Object.values(PIDS)].map((oui) => `oui != ${oui}`).join(" && ");

/** The poll bit of commands and the final bit of responses, which queries find only where it is set. */
function poll(title: string, condition: string, bitSet: string): DerivedOptions {
  return { type: "boolean", title, value: "1", when: `${condition} && (${bitSet}) != 0` };
}

/**
 * Logical link control of IEEE 802.2: who speaks to whom inside a station, in three kinds of frames. With SNAP, an
 * organization's own protocol number, or Ethernet's type under organization 0.
 */
export const Llc = message("llc", {
  title: "Logical-Link Control",
  rfc: "IEEE 802.2",
  fields: {
    dsap: u8(0xaa, { display: "hex", names: SAPS, title: "Destination service access point" }),
    ssap: u8(0xaa, { display: "hex", names: SAPS, title: "Source service access point" }),
    control: u8(0x03, { display: "hex", query: [] }),
    sequence: when(
      `!(${IS_UNNUMBERED})`,
      u8(0, { query: [], about: "number of the frame awaited, and the poll or final bit" }),
    ),
    oui: when(IS_SNAP, u24(0, { display: "hex", title: "Organization" })),
    pid: when(
      IS_SNAP,
      u16(next("ethertype"), { display: "hex", names: ETHERTYPES, query: [], title: "Protocol" }),
    ),
  },
  stops: { "a SNAP header that is cut off": `!(${IS_SNAP}) || rest >= (${IS_UNNUMBERED} ? 5 : 6)` },
  next: [
    { table: "ethertype", key: "pid", when: `${IS_SNAP} && ${TYPED} && ${IS_DATA}` },
    {
      table: "llc.cisco_pid",
      key: "pid",
      when: `${IS_SNAP} && oui == ${PIDS["llc.cisco_pid"]} && ${IS_DATA}`,
    },
    { table: "llc.dsap", key: "dsap", when: `!(${IS_SNAP}) && ${IS_DATA}` },
    { table: "raw.version", key: "4", when: `dsap == 6 && ${IS_DATA}` },
    { table: "llc.exchange", when: `!(${IS_SNAP}) && ${IS_EXCHANGE}` },
  ],
  on: { "ethernet.length": 0, "sll.ltype": 4 },
  info({ control, sequence = 0, dsap, ssap, oui, pid }) {
    const from = sapText(ssap & 0xfe);
    const parts = [controlText(control, sequence)];
    if (oui === undefined) parts.push(`${from} → ${sapText(dsap)}${(ssap & 1) === 1 ? ", response" : ""}`);
    else if (oui === 0 || oui === 0xf8) parts.push(`SNAP, ${etherTypeText(pid ?? 0)}`);
    else parts.push(`SNAP, organization ${hex(oui, 6)}, protocol ${hex(pid ?? 0, 4)}`);
    return parts.join(", ");
  },
  derived: {
    "llc.dsap.sap": { type: "number", title: "Destination without the group bit", value: "dsap >> 1" },
    "llc.dsap.ig": { type: "boolean", title: "Destination is a group", value: "dsap & 1" },
    "llc.ssap.sap": { type: "number", title: "Source without the response bit", value: "ssap >> 1" },
    "llc.ssap.cr": { type: "boolean", title: "Response", value: "ssap & 1" },
    "llc.control": [
      { type: "number", title: "Control", value: "control", when: IS_UNNUMBERED },
      { type: "number", title: "Control", value: WIDE, when: `!(${IS_UNNUMBERED})` },
    ],
    "llc.control.ftype": {
      type: "number",
      title: "Frame type",
      value: `(${IS_UNNUMBERED}) ? 3 : control & 1`,
    },
    "llc.control.u_modifier_cmd": {
      type: "number",
      title: "Command",
      value: "(control & 0xec) >> 2",
      when: `${IS_UNNUMBERED} && !(${IS_RESPONSE})`,
    },
    "llc.control.u_modifier_resp": {
      type: "number",
      title: "Response",
      value: "(control & 0xec) >> 2",
      when: `${IS_UNNUMBERED} && ${IS_RESPONSE}`,
    },
    "llc.control.s_ftype": {
      type: "number",
      title: "Supervisory frame",
      value: "control >> 2 & 3",
      when: "(control & 3) == 1",
    },
    "llc.control.n_r": {
      type: "number",
      title: "Frame awaited",
      value: `${WIDE} >> 9`,
      when: `!(${IS_UNNUMBERED})`,
    },
    "llc.control.n_s": {
      type: "number",
      title: "Frame sent",
      value: `${WIDE} >> 1 & 0x7f`,
      when: "(control & 1) == 0",
    },
    "llc.control.p": [
      poll("Poll", `${IS_UNNUMBERED} && !(${IS_RESPONSE})`, "control & 16"),
      // Of frames with information the bit is always called so.
      poll("Poll", `!(${IS_UNNUMBERED}) && ((control & 1) == 0 || !(${IS_RESPONSE}))`, "sequence & 1"),
    ],
    "llc.control.f": [
      poll("Final", `${IS_UNNUMBERED} && ${IS_RESPONSE}`, "control & 16"),
      poll("Final", `(control & 3) == 1 && ${IS_RESPONSE}`, "sequence & 1"),
    ],
    "llc.type": { type: "number", title: "Type", value: "pid", when: `${TYPED} && ${IS_DATA}` },
    ...Object.fromEntries(
      Object.entries(PIDS).map(([name, oui]) => [
        name,
        { type: "number" as const, title: "Protocol", value: "pid", when: `oui == ${oui}` },
      ]),
    ),
    "llc.pid": { type: "number", title: "Protocol", value: "pid", when: `!${TYPED} && ${OTHER_OUI}` },
  },
});

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

function sapText(sap: number): string {
  return (SAPS as Readonly<Record<number, string>>)[sap] ?? hex(sap, 2);
}

/** Frames without numbers, by their control byte without the poll bit. IEEE 802.2 5.4. */
const UNNUMBERED: Readonly<Record<number, string>> = {
  0x03: "UI",
  0x0f: "DM",
  0x43: "DISC",
  0x63: "UA",
  0x6f: "SABME",
  0x87: "FRMR",
  0xaf: "XID",
  0xe3: "TEST",
};
const SUPERVISORY = ["RR", "RNR", "REJ"];

/** "UI", "RR, next 4", "I, frame 1, next 2". */
function controlText(control: number, sequence: number): string {
  if ((control & 3) === 3) return UNNUMBERED[control & 0xef] ?? `unnumbered ${hex(control, 2)}`;
  const next = `next ${sequence >> 1}`;
  if ((control & 1) === 0) return `I, frame ${control >> 1}, ${next}`;
  return `${SUPERVISORY[(control >> 2) & 3] ?? "supervisory"}, ${next}`;
}

/** What the other side understands, in an XID frame. IEEE 802.2 5.4.1.1.2. */
export const LlcExchange = message("basicxid", {
  title: "Logical-Link Control Basic Format XID",
  label: "XID",
  rfc: "IEEE 802.2",
  prefix: "basicxid.llc.xid",
  fields: {
    format: u8(0x81, { display: "hex" }),
    types: u8(1, { display: "hex" }),
    windowSize: bits(7, 0, { query: ".wsize", about: "frames that the sender takes at once" }),
    reserved: bit({ query: [] }),
  },
  size: "headerSize",
  on: { "llc.exchange": 0 },
  info: ({ types, windowSize }) => `basic format, types ${hex(types, 2)}, window ${windowSize}`,
});
