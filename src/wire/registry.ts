import { Registry } from "#packet/registry.ts";
import { Data } from "#wire/data.ts";
import { applicationProtocols } from "#wire/groups/application.ts";
import { internetProtocols } from "#wire/groups/internet.ts";
import { internet6Protocols } from "#wire/groups/internet6.ts";
import { linkProtocols } from "#wire/groups/link.ts";
import { overlayProtocols } from "#wire/groups/overlay.ts";
import { routingProtocols } from "#wire/groups/routing.ts";

/** Every protocol that Parley knows. */
export function standardRegistry(): Registry {
  const groups = [
    linkProtocols,
    internetProtocols,
    internet6Protocols,
    applicationProtocols,
    routingProtocols,
    overlayProtocols,
  ];
  return new Registry(groups.flat(), Data);
}
