import { bytes, ip, mac, u16, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { hexText } from "#packet/primitive.ts";
import { ETHERTYPES } from "#wire/names.ts";

/** Addresses that are none of Ethernet's and IPv4's are read as bytes. */
const IS_MAC = "hardwareSize == 6 && (hardwareType == 1 || hardwareType == 6)";
const IS_IPV4 = "protocolSize == 4 && protocolType == 0x0800";
const NO_MAC = `hardwareSize > 0 && !(${IS_MAC})`;
const NO_IPV4 = `protocolSize > 0 && !(${IS_IPV4})`;

/** Both IPv4 addresses, where they lie behind MAC addresses. */
const IS_USUAL = "hardwareSize == 6 && protocolSize == 4";
const IS_SAME = "$14 == $24 && $15 == $25 && $16 == $26 && $17 == $27";
const NO_SENDER = "($14 | $15 | $16 | $17) == 0";
const NO_TARGET_MAC = "($18 | $19 | $20 | $21 | $22 | $23) == 0";

/** Asks which link address an IPv4 address has, and answers. RFC 826; reverse RFC 903, inverse RFC 2390, probes RFC 5227. */
export const Arp = message("arp", {
  title: "Address Resolution Protocol",
  rfc: "RFC 826",
  fields: {
    hardwareType: u16(1, {
      query: "arp.hw.type",
      names: { 1: "Ethernet", 6: "IEEE 802", 15: "Frame Relay", 19: "ATM", 32: "InfiniBand" },
    }),
    protocolType: u16(0x0800, { query: "arp.proto.type", display: "hex", names: ETHERTYPES }),
    hardwareSize: u8(6, { query: "arp.hw.size" }),
    protocolSize: u8(4, { query: "arp.proto.size" }),
    opcode: u16(1, {
      names: {
        1: "request",
        2: "reply",
        3: "reverse request",
        4: "reverse reply",
        8: "inverse request",
        9: "inverse reply",
      },
    }),
    senderMac: when(IS_MAC, mac("00:00:00:00:00:00", { query: "arp.src.hw_mac" })),
    senderHardware: when(NO_MAC, bytes("hardwareSize", { query: "arp.src.hw" })),
    senderIp: when(IS_IPV4, ip("0.0.0.0", { query: "arp.src.proto_ipv4" })),
    senderProtocol: when(NO_IPV4, bytes("protocolSize", { query: "arp.src.proto" })),
    targetMac: when(IS_MAC, mac("00:00:00:00:00:00", { query: "arp.dst.hw_mac" })),
    targetHardware: when(NO_MAC, bytes("hardwareSize", { query: "arp.dst.hw" })),
    targetIp: when(IS_IPV4, ip("0.0.0.0", { query: "arp.dst.proto_ipv4" })),
    targetProtocol: when(NO_IPV4, bytes("protocolSize", { query: "arp.dst.proto" })),
  },
  // Odd sizes that cannot be say nothing of where the addresses lie.
  stops: {
    "addresses longer than the packet": `opcode >= 0 && (${IS_USUAL} || 2 * hardwareSize + 2 * protocolSize <= rest)`,
  },
  size: "8 + 2 * hardwareSize + 2 * protocolSize",
  on: { ethertype: [0x0806, 0x8035] },
  info(values) {
    const { opcode, senderIp, targetIp, senderMac, targetMac } = values;
    const sender = senderIp ?? unknownAddress(values.senderProtocol);
    const target = targetIp ?? unknownAddress(values.targetProtocol);
    const senderLink = senderMac ?? unknownAddress(values.senderHardware);
    const targetLink = targetMac ?? unknownAddress(values.targetHardware);
    const isOwn = senderIp !== undefined && senderIp === targetIp;
    switch (opcode) {
      case 1:
        if (isOwn) return `${targetMac === NO_MAC_YET ? "announcement" : "gratuitous request"} of ${sender}`;
        return senderIp === NO_IP_YET ? `who has ${target}? probe` : `who has ${target}? tell ${sender}`;
      case 2:
        return isOwn ? `gratuitous reply: ${sender} is at ${senderLink}` : `${sender} is at ${senderLink}`;
      case 3:
      case 8:
        return `who is ${targetLink}? tell ${senderLink}`;
      case 4:
        return `${targetLink} is ${target}`;
      case 9:
        return `${senderLink} is ${sender}`;
      default:
        return `opcode ${opcode}`;
    }
  },
  derived: {
    "arp.isgratuitous": {
      type: "boolean",
      title: "Tells the sender's own address",
      value: "1",
      when: `(opcode == 1 || opcode == 2) && ${IS_USUAL} && ${IS_SAME}`,
    },
    "arp.isannouncement": {
      type: "boolean",
      title: "Announces an address (RFC 5227)",
      value: "1",
      when: `opcode == 1 && ${IS_USUAL} && ${IS_SAME} && ${NO_TARGET_MAC}`,
    },
    "arp.isprobe": {
      type: "boolean",
      title: "Asks whether an address is free (RFC 5227)",
      value: "1",
      when: `opcode == 1 && ${IS_USUAL} && ${NO_SENDER} && !(${IS_SAME})`,
    },
  },
});

const NO_IP_YET = "0.0.0.0";
const NO_MAC_YET = "00:00:00:00:00:00";

/** An address of a kind that has no text of its own. */
function unknownAddress(address: Uint8Array | undefined): string {
  return address && address.length > 0 ? hexText(address) : "nobody";
}
