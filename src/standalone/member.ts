import { parseEndpoint, type Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import { seededRandom, type Random } from "#base/random.ts";
import type { Host } from "#host/host.ts";
import type { Core } from "#machine/core.ts";
import type {
  MembershipApplication,
  MembershipCommand,
  MembershipEvent,
  MembershipInput,
  MembershipOutput,
  MembershipSetup,
} from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { Membership } from "#membership/membership.ts";
import { PROFILES, type ProfileName } from "#membership/profiles.ts";
import { drive } from "#services/drive.ts";
import { systemCipher } from "#system/cipher.ts";
import { systemClock } from "#system/clock.ts";
import { systemDatagrams } from "#system/datagrams.ts";
import { systemStreams } from "#system/streams.ts";

export interface MemberOptions extends Partial<Omit<MembershipSetup, "name" | "address" | "profile">> {
  /** Unique in the cluster. */
  readonly name: string;
  /** "IP:port" where others reach us, for packets and for streams. */
  readonly address: string;
  /** "IP:port" to listen on where that is another one, such as "0.0.0.0:7946". */
  readonly listen?: string;
  /** How fast failures are found, and what that costs: "lan" when nothing is said. */
  readonly profile?: ProfileName;
  /** A protocol above, asked within the core's steps. */
  readonly application?: MembershipApplication;
  readonly event?: (event: MembershipEvent) => void;
  /** The socket or the core failed, and the member has stopped. Without it the error is thrown where nobody catches it. */
  readonly failed?: (error: unknown) => void;
}

/** A member that runs; its members and counters are read from its core. */
export interface RunningMember {
  readonly core: Membership;
  push(command: MembershipCommand): void;
  /** Tells the others, and stops once they heard it or after five seconds. */
  leave(): Promise<void>;
  /** Stops without a word, as a crash would. */
  stop(): Promise<void>;
}

/**
 * A member on this machine's sockets, in a program of one's own and without a daemon: the package export
 * "parley/membership/node". Rejects with an OperatorError for an address that is not to be had, and with a RangeError for
 * what no member can be.
 */
export async function startMember(options: MemberOptions): Promise<RunningMember> {
  const stops: (() => Promise<void> | void)[] = [];
  let departed = (): void => {};
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
    departed();
  };
  const fail = (error: unknown): void => {
    void stop();
    if (!options.failed) throw error;
    options.failed(error);
  };
  const event = (each: MembershipEvent): void => {
    options.event?.(each);
    if (each.type === "departed") departed();
  };
  const core = new Membership(setupOf(options), systemRandom(), systemCipher, options.application);
  const place = endpointOf(options.listen ?? options.address);
  const driver = await drive<MembershipCommand, MembershipEvent>(
    { ...systemPorts(), atStop: (end) => void stops.push(end), fail },
    { streams: place, datagrams: place, event },
    () => ({ core: core as Core<MembershipInput, MembershipOutput> }),
  ).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const leave = async (): Promise<void> => {
    if (stops.length === 0) return;
    await new Promise<void>((resolve) => {
      departed = resolve;
      driver.push({ type: "leave" });
    });
    await stop();
  };
  return { core, push: (command) => driver.push(command), leave, stop };
}

/** No more of this machine than a member needs: the rest asks for a newer Node. */
function systemPorts(): Pick<Host, "clock" | "streams" | "datagrams"> {
  return { clock: systemClock(), streams: systemStreams(), datagrams: systemDatagrams() };
}

function systemRandom(): Random {
  return seededRandom(systemCipher.random(16).join(" "));
}

/** memberlist's own defaults, which all of a cluster have unless somebody changed them. */
function setupOf(options: MemberOptions): MembershipSetup {
  return {
    meta: new Uint8Array(0),
    limits: DEFAULT_MEMBERSHIP_LIMITS,
    join: [],
    keys: [],
    acceptPlain: false,
    sendPlain: false,
    label: "",
    compression: true,
    protocol: 2,
    delegateVersions: [0, 0, 0],
    reclaimAfterMs: 0,
    ...options,
    profile: PROFILES[options.profile ?? "lan"],
  };
}

function endpointOf(text: string): Endpoint {
  const endpoint = parseEndpoint(text);
  if (endpoint) return endpoint;
  throw new OperatorError(`${text} is no address`, "write it as 192.0.2.7:7946 or [2001:db8::7]:7946");
}
