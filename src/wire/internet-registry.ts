import { bytes } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { Registry } from "#packet/registry.ts";
import { internetProtocols } from "#wire/groups/internet.ts";
import { internet6Protocols } from "#wire/groups/internet6.ts";
import { linkProtocols } from "#wire/groups/link.ts";

/** Whatever is carried: without names, so that no query can ask for it here. */
const Carried = message("carried", {
  title: "Carried",
  transparent: true,
  fields: { bytes: bytes("rest", { query: [] }) },
});

/**
 * Links and the internet layer, up to ports, without what runs above. Queries for fields of these protocols select the
 * same packets as with all protocols, and it is loaded in half the time. `frame.protocols` is another text here.
 */
export function internetRegistry(): Registry {
  return new Registry([linkProtocols, internetProtocols, internet6Protocols].flat(), Carried);
}
