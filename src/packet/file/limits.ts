/**
 * Bytes of one packet in a pcap file; a longer one is taken for a broken length. Wireshark's
 * WTAP_MAX_PACKET_SIZE_STANDARD and libpcap's MAXIMUM_SNAPLEN: what they cannot open is not written either.
 */
export const MAX_PACKET_BYTES = 256 * 1024;

/**
 * The same for link types whose packets are messages, not frames. Wireshark takes 128 MiB for some of them; half of it
 * bounds what one record can make us hold, and no such packet was ever seen.
 */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Bytes of one pcapng block, its two lengths included; as MAX_MESSAGE_BYTES, since a block may hold such a packet. */
export const MAX_BLOCK_BYTES = 64 * 1024 * 1024;

/** Interfaces of one file over all sections: each is kept. mergecap makes one for each input file. */
export const MAX_INTERFACES = 65_536;

/** Bytes of all interface blocks of one file together, since their options are kept. */
export const MAX_INTERFACE_BYTES = 64 * 1024 * 1024;

/** Options read from one block; the rest is ignored. Each becomes an object, so that 64 MiB of empty ones would be GBs. */
export const MAX_OPTIONS = 4_096;

const DBUS = 231;
const USB_LINUX_MMAPPED = 220;
const USBPCAP = 249;
const EBHSCR = 279;

/** Bytes that a packet of `linkType` may have in a pcap file. */
export function maxPacketBytes(linkType: number): number {
  const isMessage =
    linkType === DBUS || linkType === USB_LINUX_MMAPPED || linkType === USBPCAP || linkType === EBHSCR;
  return isMessage ? MAX_MESSAGE_BYTES : MAX_PACKET_BYTES;
}
