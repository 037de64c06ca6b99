import type { Layer, Packet } from "#packet/dissect.ts";
import { bit, bits, bytes, computed, list, u16, when, type Field } from "#packet/field.ts";
import { message, type Finding } from "#packet/message.ts";
import { nameField, ownerField, type DnsName } from "#wire/dns-name.ts";
import { CLASSES, OPCODES, RECORD_TYPES, RESPONSE_CODES } from "#wire/dns-numbers.ts";
import { recordDerived, recordRest } from "#wire/dns-records.ts";

export const questionName = nameField({
  query: "dns.qry.name",
  length: "dns.qry.name.len",
  labels: "dns.count.labels",
});

export const questionType = u16(1, { query: "dns.qry.type", names: RECORD_TYPES });
export const recordType = u16(1, { query: "dns.resp.type", names: RECORD_TYPES });

/** What is asked. RFC 1035 4.1.2. */
export const DnsQuestion = message("dns.qry", {
  title: "Question",
  rfc: "RFC 1035 4.1.2",
  fields: {
    name: questionName,
    type: questionType,
    class: u16(1, { names: CLASSES, display: "hex" }),
  },
});

/** A record. RFC 1035 4.1.3; OPT, which only looks like one, RFC 6891 6.1. */
export const DnsRecord = message("dns.resp", {
  title: "Record",
  rfc: "RFC 1035 4.1.3",
  fields: {
    name: ownerField(),
    type: recordType,
    class: when("type != 41", u16(1, { names: CLASSES, display: "hex", query: ".class" })),
    udpPayloadSize: when(
      "type == 41",
      u16(1_232, { query: "dns.rr.udp_payload_size", title: "UDP payload size" }),
    ),
    ...recordRest,
  },
  derived: recordDerived,
});

/**
 * The fields of a message with these questions and records. RFC 1035 4.1; bits of RFC 2535, sections of RFC 2136.
 * Queries see a question or a record only when all of it is there, as Wireshark's do.
 */
export function dnsFields<Q, GQ, R, GR>(
  questions: Field<readonly Q[], readonly GQ[]>,
  records: (count: string) => Field<readonly R[], readonly GR[]>,
) {
  return {
    id: u16(0, { display: "hex", title: "Transaction" }),
    response: bit({ query: ".flags.response" }),
    opcode: bits(4, 0, { query: ".flags.opcode", names: OPCODES }),
    authoritative: bit({ query: [] }),
    truncated: bit({ query: ".flags.truncated" }),
    recursionDesired: bit({ query: ".flags.recdesired" }),
    recursionAvailable: bit({ query: [] }),
    reserved: bit({ query: ".flags.z" }),
    authenticData: bit({ query: [] }),
    checkingDisabled: bit({ query: ".flags.checkdisable" }),
    responseCode: bits(4, 0, { query: [], names: RESPONSE_CODES }),
    questionCount: u16(computed("count.questions"), { query: [] }),
    answerCount: u16(computed("count.answers"), { query: [] }),
    authorityCount: u16(computed("count.authorities"), { query: [] }),
    additionalCount: u16(computed("count.additionals"), { query: ".count.add_rr" }),
    questions,
    answers: records("answerCount"),
    authorities: records("authorityCount"),
    additionals: records("additionalCount"),
    extra: when(
      "rest > 0",
      bytes("rest", { query: "dns.extraneous.data", title: "Bytes behind the message" }),
    ),
  } as const;
}

interface Asked {
  readonly name: DnsName;
  readonly type: number;
}

/** One line: what is asked, and how the answer begins. */
export function dnsInfo(values: {
  readonly response: number;
  readonly opcode: number;
  readonly responseCode: number;
  readonly questions: readonly Asked[];
  readonly answers: readonly Asked[];
}): string {
  const { response, opcode, responseCode, questions, answers } = values;
  const kind = OPCODES[opcode as keyof typeof OPCODES] ?? `opcode ${opcode}`;
  const result = RESPONSE_CODES[responseCode as keyof typeof RESPONSE_CODES] ?? `code ${responseCode}`;
  const [count, asked] = [answers.length, (questions.length > 0 ? questions : answers).slice(0, MOST_SHOWN)];
  const names = asked.map(
    ({ name, type }) => `${RECORD_TYPES.get(type) ?? `type ${type}`} ${name.text || "."}`,
  );
  const answered = response ? `, ${result}, ${count} ${count === 1 ? "answer" : "answers"}` : "";
  return `${kind}${names.length > 0 ? ` ${names.join(", ")}` : ""}${answered}`;
}

/** Names that fit a line. */
const MOST_SHOWN = 3;

const FLAGS = [
  "response * 32768 + opcode * 2048 + authoritative * 1024 + truncated * 512 + recursionDesired * 256",
  "recursionAvailable * 128 + reserved * 64 + authenticData * 32 + checkingDisabled * 16 + responseCode",
].join(" + ");
const UPDATE = "opcode == 5";
const COMMON = "opcode != 5";

/** Names that queries have in responses only, and counts whose names are others in updates. */
export const dnsDerived = {
  "dns.flags": { type: "number", title: "Flags", value: FLAGS },
  "dns.flags.authoritative": flag("authoritative", "Authoritative answer"),
  "dns.flags.recavail": flag("recursionAvailable", "Recursion available"),
  "dns.flags.authenticated": {
    ...flag("authenticData", "Authentic data"),
    when: "response || authenticData",
  },
  "dns.flags.rcode": { type: "number", title: "Response code", value: "responseCode", when: "response" },
  "dns.extraneous.length": { type: "number", title: "Bytes behind the message", value: extraLength },
  "dns.count.queries": { type: "number", title: "Questions", value: "questionCount", when: COMMON },
  "dns.count.answers": { type: "number", title: "Answers", value: "answerCount", when: COMMON },
  "dns.count.auth_rr": { type: "number", title: "Authorities", value: "authorityCount", when: COMMON },
  "dns.count.zones": { type: "number", title: "Zones", value: "questionCount", when: UPDATE },
  "dns.count.prerequisites": { type: "number", title: "Prerequisites", value: "answerCount", when: UPDATE },
  "dns.count.updates": { type: "number", title: "Updates", value: "authorityCount", when: UPDATE },
} as const;

function extraLength(_packet: Packet, { end, values }: Layer): Finding | undefined {
  const { extra } = values;
  return extra instanceof Uint8Array ? { value: extra.length, start: end - extra.length, end } : undefined;
}

function flag(value: string, title: string) {
  return { type: "boolean", title, value, when: "response" } as const;
}

/** What names mean: addresses, mail servers, keys. RFC 1035; EDNS RFC 6891, updates RFC 2136. */
export const Dns = message("dns", {
  title: "Domain Name System",
  rfc: "RFC 1035",
  fields: dnsFields(list(DnsQuestion, { count: "questionCount", fits: "0" }), (count) =>
    list(DnsRecord, { count, fits: "0" }),
  ),
  on: { "udp.port": 53, "dns.stream": 0 },
  info: dnsInfo,
  derived: dnsDerived,
});

/**
 * Over TCP a message's length stands before it, and a segment may carry several; one that does not end in its segment is
 * not joined. RFC 1035 4.2.2, RFC 7766 6.2.1.1.
 */
export const DnsLength = message("dns.length", {
  title: "Length of a DNS message",
  rfc: "RFC 1035 4.2.2",
  prefix: "dns",
  transparent: true,
  repeats: true,
  fields: { length: u16(computed("size - 2"), { query: [] }) },
  size: "length + 2",
  next: { table: "dns.stream" },
  on: { "tcp.port": 53 },
  derived: {
    // Wireshark shows it once it has seen the message's flags.
    "dns.length": {
      type: "number",
      title: "Length",
      value: "length",
      when: "length >= 4 && payloadSize >= 4",
    },
  },
});
