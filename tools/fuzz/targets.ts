import { captureTarget } from "./captures.ts";
import { dnsNameTarget, lzwTarget, msgpackTarget } from "./codecs.ts";
import { messageTargets } from "./messages.ts";
import { ospfRouterTarget } from "./ospf-router.ts";
import { packetsTarget } from "./packets.ts";
import { queryTarget } from "./queries.ts";
import { regexTarget } from "./regexes.ts";
import type { Target } from "./target.ts";

/** Every target, those of single messages last. */
export function allTargets(): Target[] {
  return [
    packetsTarget(),
    captureTarget("pcap"),
    captureTarget("pcapng"),
    queryTarget(),
    regexTarget(),
    lzwTarget(),
    msgpackTarget(),
    dnsNameTarget(),
    ospfRouterTarget(),
    ...messageTargets(),
  ];
}
