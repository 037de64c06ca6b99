import { bytes, checksum, choose, computed, ip, struct, text, u16, u32, u8, when } from "#packet/field.ts";
import { message, type ValuesOf } from "#packet/message.ts";
import { LinkLocalSignaling } from "#wire/ospf/link-local-signaling.ts";
import {
  DatabaseDescription,
  Hello,
  LinkStateAcknowledgment,
  LinkStateRequest,
  LinkStateUpdate,
} from "#wire/ospf/packets.ts";
import { ospfText } from "#wire/ospf/text.ts";

const presence = (title: string, type: number) =>
  ({ type: "boolean", title, value: "1", when: `type == ${type}` }) as const;

/** Of other types nobody knows a body: what follows the header is data. */
const HAS_BODY = "type > 0 && type < 6";

/**
 * OSPF version 2: routers of one autonomous system tell each other their links. RFC 2328 A.3.1, authentication D.3;
 * RFC 5709 has digests of other sizes. What lies behind the packet's length is the digest, then link-local signaling.
 */
export const Ospf = message("ospf", {
  title: "Open Shortest Path First",
  rfc: "RFC 2328",
  fields: {
    version: u8(2),
    type: u8(1, {
      query: "ospf.msg",
      names: {
        1: "Hello",
        2: "Database Description",
        3: "Link State Request",
        4: "Link State Update",
        5: "Link State Acknowledgment",
      },
    }),
    packetLength: u16(computed(`24 + sizeOf.body + (${HAS_BODY} ? 0 : payloadSize)`), {
      about: "of the header and the body",
    }),
    routerId: ip("0.0.0.0", { query: "ospf.srcrouter", title: "Router ID" }),
    areaId: ip("0.0.0.0", { title: "Area ID" }),
    checksum: u16(
      checksum({
        algorithm: "internet",
        over: "layer",
        length: "packetLength",
        skip: [16, 8],
        when: "authenticationType != 2",
      }),
      { display: "hex", about: "leaves out the authentication; 0 where that is cryptographic" },
    ),
    authenticationType: u16(0, {
      query: "ospf.auth.type",
      names: { 0: "Null", 1: "Simple password", 2: "Cryptographic" },
    }),
    nullAuthentication: when("authenticationType == 0", bytes(8, { query: "ospf.auth.none" })),
    password: when("authenticationType == 1", text(8, { query: "ospf.auth.simple" })),
    reserved: when("authenticationType == 2", u16(0, { query: [] })),
    keyId: when("authenticationType == 2", u8(0, { query: "ospf.auth.crypt.key_id", title: "Key ID" })),
    authenticationDataLength: when(
      "authenticationType == 2",
      u8(computed("sizeOf.authenticationData"), { query: "ospf.auth.crypt.data_length" }),
    ),
    cryptographicSequenceNumber: when(
      "authenticationType == 2",
      u32(0, { query: "ospf.auth.crypt.seq_nbr" }),
    ),
    unknownAuthentication: when("authenticationType > 2", bytes(8, { query: "ospf.auth.unknown" })),
    body: when(
      HAS_BODY,
      choose(
        "type",
        {
          1: struct(Hello, { query: "ospf.hello" }),
          2: DatabaseDescription,
          3: LinkStateRequest,
          4: LinkStateUpdate,
          5: LinkStateAcknowledgment,
        },
        { length: "packetLength - 24", query: [] },
      ),
    ),
    authenticationData: when(
      `authenticationType == 2 && ${HAS_BODY}`,
      bytes("authenticationDataLength", { query: "ospf.auth.crypt.data", about: "the digest" }),
    ),
    linkLocalSignaling: when(
      `rest > 0 && ${HAS_BODY}`,
      choose("type", { 1: LinkLocalSignaling, 2: LinkLocalSignaling }, { length: "rest", query: [] }),
    ),
  },
  checks: { "the version is not 2": "version == 2" },
  on: { "ip.proto": 89 },
  info: ({ type, routerId, areaId, body }) => ospfText(type, { routerId, areaId }, body),
  derived: {
    "ospf.msg.hello": presence("Hello", 1),
    "ospf.msg.dbdesc": presence("Database Description", 2),
    "ospf.msg.lsreq": presence("Link State Request", 3),
    "ospf.msg.lsupdate": presence("Link State Update", 4),
    "ospf.msg.lsack": presence("Link State Acknowledgment", 5),
  },
});
export type Ospf = ValuesOf<typeof Ospf>;
