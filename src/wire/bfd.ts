import { bit, bits, bytes, choose, computed, struct, text, u32, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";

const STATES = { 0: "admin down", 1: "down", 2: "init", 3: "up" };

const DIAGNOSTICS = {
  0: "none",
  1: "control detection time expired",
  2: "echo function failed",
  3: "neighbor signaled session down",
  4: "forwarding plane reset",
  5: "path down",
  6: "concatenated path down",
  7: "administratively down",
  8: "reverse concatenated path down",
};

/** A digest over the packet, with a number that only grows. RFC 5880 4.3 and 4.4. */
const BfdDigest = message("bfd.digest", {
  title: "Digest",
  rfc: "RFC 5880 4.3",
  fields: {
    reserved: u8(0, { query: [] }),
    sequence: u32(0, { query: "bfd.auth.seq_num", display: "hex", title: "Sequence number" }),
    digest: bytes("rest", { query: "bfd.checksum" }),
  },
});

/** What shows that a packet is from the neighbor. RFC 5880 4.2 to 4.4. */
const BfdAuthentication = message("bfd.auth", {
  title: "Authentication",
  rfc: "RFC 5880 4.2",
  fields: {
    type: u8(1, {
      names: {
        1: "simple password",
        2: "keyed MD5",
        3: "meticulous keyed MD5",
        4: "keyed SHA1",
        5: "meticulous keyed SHA1",
      },
    }),
    length: u8(computed("headerSize"), { query: ".len" }),
    key: u8(0, { title: "Key" }),
    data: choose(
      "type",
      {
        1: text("rest", { query: "bfd.auth.password", title: "Password" }),
        2: BfdDigest,
        3: BfdDigest,
        4: BfdDigest,
        5: BfdDigest,
      },
      { length: "length - 3", query: [] },
    ),
  },
});

/** Tells within milliseconds whether the path to a neighbor works. RFC 5880; one hop RFC 5881, more RFC 5883. */
export const Bfd = message("bfd", {
  title: "Bidirectional Forwarding Detection",
  label: "BFD",
  rfc: "RFC 5880",
  fields: {
    version: bits(3, 1),
    diagnostic: bits(5, 0, { query: ".diag", display: "hex", names: DIAGNOSTICS }),
    state: bits(2, 1, {
      query: [],
      names: STATES,
      whole: { query: ".flags", display: "hex", title: "State and flags" },
    }),
    poll: bit({ query: [] }),
    final: bit({ query: [] }),
    controlPlaneIndependent: bit({ query: [] }),
    authenticationPresent: bit({ query: [] }),
    demand: bit({ query: [] }),
    multipoint: bit({ query: [] }),
    detectMultiplier: u8(3, { query: ".detect_time_multiplier" }),
    length: u8(computed("size"), { query: ".message_length" }),
    myDiscriminator: u32(1, { display: "hex" }),
    yourDiscriminator: u32(0, { display: "hex" }),
    desiredMinTx: u32(1_000_000, { query: ".desired_min_tx_interval", about: "in microseconds" }),
    requiredMinRx: u32(1_000_000, { query: ".required_min_rx_interval", about: "in microseconds" }),
    requiredMinEchoRx: u32(0, { query: ".required_min_echo_interval", about: "in microseconds" }),
    authentication: when(
      // Type and length of the section stand at 24 and 25: Wireshark wants all of it.
      "version != 0 && authenticationPresent && length >= 28 && $25 >= 3 && $25 <= rest",
      struct(BfdAuthentication),
    ),
    extra: when("rest > 0", bytes("rest", { query: [], title: "Bytes behind the packet" })),
  },
  needs: "24",
  checks: {
    "a length of less than 24 bytes": "length >= 24",
    "authentication that is not there": "version == 0 || !authenticationPresent || length >= 28",
  },
  on: { "udp.port": [3784, 4784] },
  info: ({ state, diagnostic }) =>
    `${STATES[state as keyof typeof STATES]}, diagnostic ${DIAGNOSTICS[diagnostic as keyof typeof DIAGNOSTICS] ?? diagnostic}`,
  // Version 0 of the drafts had other flags in the places of the state and of the first two.
  derived: {
    "bfd.sta": { type: "number", title: "State", value: "state", when: "version != 0" },
    "bfd.flags.h": { type: "boolean", title: "I hear you", value: "state >> 1", when: "version == 0" },
    "bfd.flags.d": { type: "boolean", title: "Demand", value: "version == 0 ? state & 1 : demand" },
    "bfd.flags.p": { type: "boolean", title: "Poll", value: "poll" },
    "bfd.flags.f": { type: "boolean", title: "Final", value: "final" },
    "bfd.flags.c": {
      type: "boolean",
      title: "Control plane independent",
      value: "controlPlaneIndependent",
      when: "version != 0",
    },
    "bfd.flags.a": {
      type: "boolean",
      title: "Authentication present",
      value: "authenticationPresent",
      when: "version != 0",
    },
    "bfd.flags.m": { type: "boolean", title: "Multipoint", value: "multipoint", when: "version != 0" },
  },
});

/** What the neighbor sends back as it is; only its sender knows what is in it. RFC 5881 4. */
export const BfdEcho = message("bfd_echo", {
  title: "BFD Echo",
  label: "BFD Echo",
  rfc: "RFC 5881 4",
  fields: { packet: bytes("rest") },
  on: { "udp.port": 3785 },
});
