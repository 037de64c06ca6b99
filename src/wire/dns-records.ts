import {
  bit,
  bits,
  bytes,
  choose,
  computed,
  flags,
  ip,
  ip6,
  list,
  struct,
  text,
  u16,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import { message, type DerivedOptions } from "#packet/message.ts";
import { addressStart, caaField, dnsKeyField, typesField } from "#wire/dns-codecs.ts";
import { nameField } from "#wire/dns-name.ts";
import { DNSSEC_ALGORITHMS, EDNS_OPTIONS, RECORD_TYPES, SERVICE_KEYS } from "#wire/dns-numbers.ts";
import { unixTime } from "#wire/time.ts";

/** A text of up to 255 bytes. RFC 1035 3.3. */
const CharacterString = message("dns.txt.string", {
  fields: {
    length: u8(computed("sizeOf.text"), { query: "dns.txt.length" }),
    text: text("length", { query: "dns.txt" }),
  },
});

/** The start of a zone. RFC 1035 3.3.13. */
const Soa = message("dns.soa", {
  rfc: "RFC 1035 3.3.13",
  fields: {
    primary: nameField({ query: "dns.soa.mname", title: "Primary name server" }),
    mailbox: nameField({ query: "dns.soa.rname", title: "Mailbox of who is responsible" }),
    serial: u32(1, { query: ".serial_number" }),
    refresh: u32(7_200, { query: ".refresh_interval" }),
    retry: u32(3_600, { query: ".retry_interval" }),
    expire: u32(1_209_600, { query: ".expire_limit" }),
    minimum: u32(300, { query: ".minimum_ttl", title: "Time to live of no answer" }),
  },
});

/** A host's processor and system, or that a server does not answer ANY (RFC 8482). RFC 1035 3.3.2. */
const Hinfo = message("dns.hinfo", {
  rfc: "RFC 1035 3.3.2",
  fields: {
    cpuLength: u8(computed("sizeOf.cpu")),
    cpu: text("cpuLength"),
    osLength: u8(computed("sizeOf.os")),
    os: text("osLength"),
  },
});

/** Who takes a domain's mail. RFC 1035 3.3.9. */
const Mx = message("dns.mx", {
  rfc: "RFC 1035 3.3.9",
  fields: {
    preference: u16(10),
    exchange: nameField({ query: "dns.mx.mail_exchange", title: "Mail exchange" }),
  },
});

/** Where a service runs. RFC 2782. */
const Srv = message("dns.srv", {
  rfc: "RFC 2782",
  fields: {
    priority: u16(0),
    weight: u16(0),
    port: u16(0),
    target: nameField({ query: "dns.srv.target", title: "Target", compress: false }),
  },
});

/** A rule that makes a name of another. RFC 3403 4.1. */
const Naptr = message("dns.naptr", {
  rfc: "RFC 3403",
  fields: {
    order: u16(0),
    preference: u16(0),
    flagsLength: u8(computed("sizeOf.flags")),
    flags: text("flagsLength"),
    serviceLength: u8(computed("sizeOf.service")),
    service: text("serviceLength"),
    expressionLength: u8(computed("sizeOf.expression"), { query: ".regex_length" }),
    expression: text("expressionLength", { query: ".regex" }),
    replacement: nameField({
      query: "dns.naptr.replacement",
      length: "dns.naptr.replacement_length",
      title: "Replacement",
      compress: false,
    }),
  },
});

/** Which authorities may issue certificates. RFC 8659. */
const Caa = message("dns.caa", {
  rfc: "RFC 8659",
  fields: { flags: flags({ issuerCritical: 0x80 }), property: caaField() },
});

/** The digest of a zone's key, in the zone above. RFC 4034 5. */
const Ds = message("dns.ds", {
  rfc: "RFC 4034 5",
  fields: {
    keyTag: u16(0, { query: ".key_id" }),
    algorithm: u8(13, { names: DNSSEC_ALGORITHMS }),
    digestType: u8(2, { names: { 1: "SHA-1", 2: "SHA-256", 4: "SHA-384" } }),
    digest: bytes("rest"),
  },
});

/** The signature of records of one name and type. RFC 4034 3. */
const Rrsig = message("dns.rrsig", {
  rfc: "RFC 4034 3",
  fields: {
    typeCovered: u16(1, { names: RECORD_TYPES }),
    algorithm: u8(13, { names: DNSSEC_ALGORITHMS }),
    labels: u8(0),
    originalTtl: u32(0),
    expiration: unixTime("dns.rrsig.signature_expiration", { title: "Expiration" }),
    inception: unixTime("dns.rrsig.signature_inception", { title: "Inception" }),
    keyTag: u16(0),
    signer: nameField({ query: "dns.rrsig.signers_name", title: "Signer", compress: false }),
    signature: bytes("rest"),
  },
});

/** The next name of a zone, so that there is none between. RFC 4034 4. */
const Nsec = message("dns.nsec", {
  rfc: "RFC 4034 4",
  fields: {
    next: nameField({ query: "dns.nsec.next_domain_name", title: "Next name", compress: false }),
    types: typesField(),
  },
});

/** The same with hashed names. RFC 5155 3. */
const Nsec3 = message("dns.nsec3", {
  rfc: "RFC 5155 3",
  fields: {
    algorithm: u8(1, { query: ".algo" }),
    flags: flags({ optOut: 0x01 }),
    iterations: u16(0),
    saltLength: u8(computed("sizeOf.salt")),
    salt: bytes("saltLength", { query: ".salt_value" }),
    hashLength: u8(computed("sizeOf.hash")),
    hash: bytes("hashLength", { query: [] }),
    types: typesField(),
  },
});

/** The fingerprint of a host's SSH key. RFC 4255. */
const Sshfp = message("dns.sshfp", {
  rfc: "RFC 4255",
  fields: {
    algorithm: u8(4),
    fingerprintType: u8(2, { query: ".fingerprint.type" }),
    fingerprint: bytes("rest"),
  },
});

/** The certificate that a service has to show. RFC 6698. */
const Tlsa = message("dns.tlsa", {
  rfc: "RFC 6698",
  fields: {
    certificateUsage: u8(3),
    selector: u8(1),
    matchingType: u8(1, { names: { 0: "whole", 1: "SHA-256", 2: "SHA-512" } }),
    data: bytes("rest", { query: ".certificate_association_data", title: "Certificate association data" }),
  },
});

/** A protocol's name in TLS. RFC 7301. */
const Alpn = message("dns.svcb.alpn", {
  fields: {
    length: u8(computed("sizeOf.protocol"), { query: "dns.svcb.svcparam.alpn.length" }),
    protocol: text("length", { query: "dns.svcb.svcparam.alpn" }),
  },
});

/** What a client should know of a service before it connects. RFC 9460 7. */
const ServiceParameter = message("dns.svcb.svcparam", {
  rfc: "RFC 9460 7",
  fields: {
    key: u16(1, { names: SERVICE_KEYS }),
    length: u16(computed("sizeOf.value"), { query: ".value.length" }),
    value: choose(
      "key",
      {
        0: list(u16(0, { query: "dns.svcb.svcparam.mandatory.key", names: SERVICE_KEYS })),
        1: list(Alpn),
        2: bytes("rest", { query: [] }),
        3: u16(443, { query: "dns.svcb.svcparam.port" }),
        4: list(ip("0.0.0.0", { query: "dns.svcb.svcparam.ipv4hint.ip" })),
        5: bytes("rest", { query: "dns.svcb.svcparam.echconfig" }),
        6: list(ip6("::", { query: "dns.svcb.svcparam.ipv6hint.ip" })),
      },
      { length: "length", query: ".value" },
    ),
  },
});

/** How to reach a service: another name for it, or one of its ends with parameters. RFC 9460 2. */
const Svcb = message("dns.svcb", {
  rfc: "RFC 9460",
  fields: {
    priority: u16(1, { query: ".svcpriority" }),
    target: nameField({ query: "dns.svcb.targetname", title: "Target", compress: false }),
    parameters: list(struct(ServiceParameter, { query: "dns.svcb.svcparam" })),
  },
});

/** The network that a query comes from. RFC 7871. */
const ClientSubnet = message("dns.opt.client", {
  rfc: "RFC 7871 6",
  fields: {
    family: u16(1, { names: { 1: "IPv4", 2: "IPv6" } }),
    sourcePrefix: u8(24, { query: ".netmask" }),
    scopePrefix: u8(0, { query: ".scope" }),
    address: choose(
      "family",
      {
        1: addressStart("ipv4", "dns.opt.client.addr4"),
        2: addressStart("ipv6", "dns.opt.client.addr6"),
      },
      { length: "rest", query: ".addr" },
    ),
  },
});

const EdnsCookie = message("dns.opt.cookie", {
  rfc: "RFC 7873",
  fields: { client: bytes(8), server: bytes("rest") },
});

const ExtendedError = message("dns.opt.ext_error", {
  rfc: "RFC 8914",
  fields: { infoCode: u16(0), extraText: text("rest") },
});

/** One option of EDNS. RFC 6891 6.1.2. */
const EdnsOption = message("dns.opt", {
  rfc: "RFC 6891 6.1.2",
  fields: {
    code: u16(0, { names: EDNS_OPTIONS }),
    length: u16(computed("sizeOf.data"), { query: ".len" }),
    data: choose(
      "code",
      {
        5: list(u8(0, { query: "dns.opt.dau", names: DNSSEC_ALGORITHMS })),
        6: list(u8(0, { query: "dns.opt.dhu" })),
        7: list(u8(0, { query: "dns.opt.n3u" })),
        8: ClientSubnet,
        10: EdnsCookie,
        11: u16(0, { query: "dns.opt.edns_tcp_keepalive.timeout", about: "in tenths of a second" }),
        12: bytes("rest", { query: "dns.opt.padding" }),
        13: nameField({ query: "dns.opt.chain.fqdn", title: "Closest trust point", compress: false }),
        15: ExtendedError,
      },
      { length: "length", query: [], raw: { query: "dns.opt.data", title: "Data" } },
    ),
  },
});

/** What stands in the place of an OPT record's time to live, after code and version. RFC 6891 6.1.3. */
const EdnsFlags = message("dns.resp.z", {
  fields: {
    dnssecOk: bit({
      query: "dns.resp.z.do",
      title: "DNSSEC OK",
      whole: { query: "dns.resp.z", display: "hex", title: "Flags" },
    }),
    reserved: bits(15, 0, { display: "hex" }),
  },
});

/** What a record holds, by its type. RFC 1035 3.3 and 3.4, and the RFCs of the types. */
const CASES = {
  1: ip("0.0.0.0", { query: "dns.a", title: "Address" }),
  2: nameField({ query: "dns.ns", title: "Name server" }),
  5: nameField({ query: "dns.cname", title: "Canonical name" }),
  6: Soa,
  12: nameField({ query: "dns.ptr.domain_name", title: "Domain name" }),
  13: Hinfo,
  15: Mx,
  16: list(CharacterString),
  28: ip6("::", { query: "dns.aaaa", title: "Address" }),
  33: Srv,
  35: Naptr,
  39: nameField({ query: "dns.dname", title: "Name of the other tree", compress: false }),
  41: list(struct(EdnsOption, { query: "dns.opt" })),
  43: Ds,
  44: Sshfp,
  46: Rrsig,
  47: Nsec,
  48: dnsKeyField(),
  50: Nsec3,
  52: Tlsa,
  59: Ds,
  60: dnsKeyField(),
  64: Svcb,
  65: Svcb,
  257: Caa,
};

const data = choose("type", CASES, { length: "length", query: [], salvage: true });

/** A type without a case: queries see its data as bytes. */
const IS_UNKNOWN = Object.keys(CASES)
  .map((type) => `type != ${type}`)
  .join(" && ");

export const recordDerived: Readonly<Record<string, DerivedOptions>> = {
  "dns.data": { type: "bytes", title: "Data", value: "data", when: `length > 0 && ${IS_UNKNOWN}` },
};

/** Fields that follow a record's class; an OPT record has others in the place of the time to live. */
export const recordRest = {
  ttl: when("type != 41", u32(300, { query: "dns.resp.ttl", title: "Time to live" })),
  extendedResponseCode: when("type == 41", u8(0, { query: "dns.resp.ext_rcode", display: "hex" })),
  ednsVersion: when("type == 41", u8(0, { query: "dns.resp.edns0_version", title: "EDNS version" })),
  ednsFlags: when("type == 41", struct(EdnsFlags, { title: "EDNS flags" })),
  length: u16(computed("sizeOf.data"), { query: "dns.resp.len" }),
  data,
};
