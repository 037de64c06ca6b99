import { readdirSync, readFileSync } from "node:fs";
import { readIpv4, type Ipv4 } from "#base/ipv4.ts";
import { capturedPackets } from "#packet/file/packets.ts";

const FOLDER = new URL("./ospf/", import.meta.url);

/** Names of the captures of FRR and BIRD. */
export const GOLDEN_CAPTURES = readdirSync(FOLDER).filter((name) => /^ospfv2.*\.pcap$/.test(name));

/** An OSPF packet of a capture. */
export interface CapturedOspf {
  readonly source: Ipv4;
  readonly destination: Ipv4;
  /** From the IPv4 header on. */
  readonly packet: Uint8Array;
  /** From the OSPF header on, with what follows its length. */
  readonly payload: Uint8Array;
  /** What stands behind the OSPF header, as long as that says. */
  readonly body: Uint8Array;
  readonly type: number;
}

/** Every OSPF packet of a capture of Ethernet. */
export function ospfPacketsOf(name: string): CapturedOspf[] {
  const found: CapturedOspf[] = [];
  for (const { bytes } of capturedPackets(readFileSync(new URL(name, FOLDER)))) {
    if (bytes[12] !== 8 || bytes[13] !== 0 || bytes[23] !== 89) continue;
    const packet = bytes.slice(14, 14 + ((bytes[16]! << 8) | bytes[17]!));
    const payload = packet.subarray((packet[0]! & 15) * 4);
    const body = payload.subarray(24, (payload[2]! << 8) | payload[3]!);
    found.push({
      source: readIpv4(packet, 12),
      destination: readIpv4(packet, 16),
      packet,
      payload,
      body,
      type: payload[1]!,
    });
  }
  return found;
}
