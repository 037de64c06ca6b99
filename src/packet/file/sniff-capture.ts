import { uint32 } from "#packet/file/byte-order.ts";

/** Block type of a pcapng section header; the same in both byte orders. */
const SECTION_HEADER = 0x0a0d0d0a;

const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
const PCAP_MODIFIED = 0xa1b2cd34; // Alexey Kuznetzov's libpcap: longer record headers

/** What the first four bytes of a pcap file say. */
export interface PcapMagic {
  readonly little: boolean;
  readonly nanoseconds: boolean;
  /** Bytes in front of every packet. */
  readonly recordHeader: number;
}

/** The pcap variant that begins at `at`, where four bytes must be; undefined when it is none. */
export function pcapMagic(bytes: Uint8Array, at: number): PcapMagic | undefined {
  for (const little of [true, false]) {
    const magic = uint32(bytes, at, little);
    if (magic === PCAP_MICROSECONDS) return { little, nanoseconds: false, recordHeader: 16 };
    if (magic === PCAP_NANOSECONDS) return { little, nanoseconds: true, recordHeader: 16 };
    if (magic === PCAP_MODIFIED) return { little, nanoseconds: false, recordHeader: 24 };
  }
  return undefined;
}

/** Which kind of file begins with `firstBytes`, of which four are enough; undefined when it is no capture. */
export function sniffCapture(firstBytes: Uint8Array): "pcap" | "pcapng" | "gzip" | undefined {
  if (firstBytes.length >= 2 && firstBytes[0] === 0x1f && firstBytes[1] === 0x8b) return "gzip";
  if (firstBytes.length < 4) return undefined;
  if (pcapMagic(firstBytes, 0) !== undefined) return "pcap";
  return uint32(firstBytes, 0, true) === SECTION_HEADER ? "pcapng" : undefined;
}
