import { captureTarget } from "./captures.ts";
import { dnsNameTarget, lzwTarget, msgpackTarget } from "./codecs.ts";
import { directoryTarget } from "./directory.ts";
import { membershipTarget } from "./membership.ts";
import { messageTargets } from "./messages.ts";
import { ospfRouterTarget } from "./ospf-router.ts";
import { packetsTarget } from "./packets.ts";
import { announcementTarget, peerBookTarget } from "./peers.ts";
import { queryTarget } from "./queries.ts";
import { regexTarget } from "./regexes.ts";
import { serfTarget } from "./serf.ts";
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
    membershipTarget("plain"),
    membershipTarget("sealed"),
    serfTarget(),
    directoryTarget(),
    announcementTarget(),
    peerBookTarget(),
    ...messageTargets(),
  ];
}
