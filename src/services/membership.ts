import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { Core } from "#machine/core.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";
import type { MembershipSetup } from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { PROFILES } from "#membership/profiles.ts";
import { advertisedAddress } from "#services/advertised-address.ts";
import { drive } from "#services/drive.ts";
import { identity } from "#services/identity.ts";
import type { MembershipApi } from "#services/membership-api.ts";
import { ANNOUNCEMENT_TAG, membershipConfig, type MembershipSection } from "#services/membership-config.ts";
import type { ClusterCommand, ClusterEvent, ClusterReads } from "#services/membership-desk.ts";
import { KeyRingFile, readKey } from "#services/membership-keys.ts";
import { toBase64Url } from "#services/membership-members.ts";
import { peers } from "#services/peers.ts";
import { service, type ApisOf, type NodeHost } from "#services/service.ts";

const needs = { identity, peers };
type Needs = ApisOf<typeof needs>;
/** A cluster of either kind, and what the desk asks of it. */
type AnyCluster = ClusterReads & Core<ClusterCommand | WorldInput, WorldOutput<ClusterEvent>>;

/** Who is in the cluster: memberlist's protocol, with Serf's layer where it is wanted. */
export const membership = service({
  name: "membership",
  type: "Membership",
  needs,
  config: membershipConfig,
  listens: ({ listen }) => [
    { key: "membership.listen", transport: "tcp", endpoint: listen },
    { key: "membership.listen", transport: "udp", endpoint: listen },
  ],
  async start(host, section, apis): Promise<MembershipApi> {
    const { MembershipDesk } = await import("#services/membership-desk.ts");
    const configured = section.keys.map(readKey);
    const keyRing = new KeyRingFile(
      host.files,
      `${host.node.dataFolder}/${KEY_RING_FILE}`,
      configured,
      host.cipher,
    );
    const keys = (await keyRing.load()) ?? configured;
    const address = formatEndpoint(ownAddress(host, section));
    apis.identity.announce("member", address, host.signal);
    const setup = setupOf(host, section, apis, { address, keys });
    const clusters = await import("#membership/cluster.ts");
    let take: (event: ClusterEvent) => void = () => {};
    let desk: InstanceType<typeof MembershipDesk> | undefined;
    const { listen } = section;
    const driver = await drive<ClusterCommand, ClusterEvent>(
      host,
      { streams: listen, datagrams: listen, event: (event) => take(event) },
      () => {
        const random = host.random.fork();
        const tags = { ...section.tags, [ANNOUNCEMENT_TAG]: toBase64Url(setup.meta) };
        const recorder = host.record("membership", {
          setup,
          ...(section.serf && { tags }),
          random: random.state(),
        });
        const cluster: AnyCluster = made(() =>
          section.serf
            ? clusters.serfCluster({ membership: setup, tags }, random, host.cipher)
            : clusters.plainCluster(setup, random, host.cipher),
        );
        desk = new MembershipDesk(host, apis, cluster, {
          ...{ section, listen, address, keys, keyRing, name: setup.name },
          streamTimeoutMs: setup.profile.streamTimeoutMs,
          push: (command) => driver.push(command),
        });
        take = (event) => desk!.take(event);
        return { core: cluster, recorder };
      },
    );
    const started = desk!;
    host.atStop(async () => {
      host.kept.set("members", started.presentAddresses());
      await started.stop(STOP_LEAVE_MS);
    });
    host.atReconfigure((changed) => started.reconfigure(changed));
    host.log.publish("info", `listening on ${formatEndpoint(listen)} as ${setup.name} at ${address}`);
    return started;
  },
});

interface Place {
  readonly address: string;
  readonly keys: readonly Uint8Array[];
}

function setupOf(host: NodeHost, section: MembershipSection, apis: Needs, place: Place): MembershipSetup {
  return {
    name: section.name ?? host.node.name,
    ...place,
    meta: apis.identity.announcement(),
    profile: PROFILES[section.profile],
    limits: DEFAULT_MEMBERSHIP_LIMITS,
    join: seedsOf(host, apis, place.address),
    acceptPlain: section["accept-plain"],
    sendPlain: section["send-plain"],
    label: section.label,
    compression: section.compression,
    protocol: section.protocol,
    delegateVersions: [0, 0, 0],
    reclaimAfterMs: 1_000 * section["reclaim-after"],
  };
}

/** Where to look for the cluster: what is configured, members of the last run, and the best that the peer book knows. */
function seedsOf(host: NodeHost, { peers: book }: Needs, own: string): readonly string[] {
  const before = (host.kept.get("members") as readonly string[] | undefined) ?? [];
  const known = [...before, ...book.addresses("member")].slice(0, MOST_REMEMBERED);
  return [...new Set([...book.configured("member"), ...known])].filter((address) => address !== own);
}

function ownAddress(host: NodeHost, { listen, advertise }: MembershipSection): Endpoint {
  if (advertise) return advertise;
  const own = advertisedAddress(listen, host.links.addresses());
  const isWildcard = listen.host === "0.0.0.0" || listen.host === "::";
  if (isWildcard && isLoopback(own))
    host.log.publish(
      "warn",
      `no interface has an address that others reach, so members are told ${own.host}; set membership.advertise`,
    );
  return own;
}

function isLoopback({ host }: Endpoint): boolean {
  return host.startsWith("127.") || host === "::1";
}

/** What the core refuses is the operator's to mend. */
function made<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OperatorError(`membership cannot start: ${error.message}`, "see the section membership", {
      cause: error,
    });
  }
}

const KEY_RING_FILE = "membership-keys";
/** Addresses of earlier members and of the book that a starting node dials, beside the configured ones. */
const MOST_REMEMBERED = 8;
/** Below what the manager gives a service to stop: others should know, but an end must not wait for them. */
const STOP_LEAVE_MS = 2_000;
