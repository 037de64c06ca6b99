import { message } from "#packet/message.ts";

/** Nothing before the packet: IPv4 or IPv6, as its first four bits say. */
export const RawLink = message("raw", {
  title: "Raw IP",
  label: "Raw",
  about: "Link types 101, 12 and 14: packets without a link layer.",
  fields: {},
  next: { table: "raw.version", key: "$0 >> 4" },
  on: { linktype: [101, 12, 14] },
});
