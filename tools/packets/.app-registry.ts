import { Registry } from "#packet/registry.ts";
import { Data } from "#wire/data.ts";
import { applicationProtocols } from "#wire/groups/application.ts";
import { internetProtocols } from "#wire/groups/internet.ts";
import { internet6Protocols } from "#wire/groups/internet6.ts";
import { linkProtocols } from "#wire/groups/link.ts";
export const standardRegistry = () => new Registry([linkProtocols, internetProtocols, internet6Protocols, applicationProtocols].flat(), Data);
