import { seededRandom } from "#base/random.ts";
import type { Core } from "#machine/core.ts";
import type { RecordingHeader } from "#machine/record.ts";
import { plainCluster, serfCluster } from "#membership/cluster.ts";
import type { MembershipSetup } from "#membership/io.ts";
import type { Tags } from "#membership/serf/io.ts";
import type { OspfConfig } from "#ospf/config.ts";
import { OspfRouter } from "#ospf/router.ts";
import { systemCipher } from "#system/cipher.ts";
import type { WhisperSetup } from "#whisper/io.ts";
import { Whisper } from "#whisper/whisper.ts";

/** The core of a recording as it was at its beginning. Throws for one that this version does not have. */
export function coreOf({ core, setup }: RecordingHeader): Core<unknown, unknown> {
  const make = Object.hasOwn(MAKERS, core) ? MAKERS[core] : undefined;
  if (!make) throw new Error(`a recording of ${core}, which this version cannot replay`);
  return make(setup);
}

const MAKERS: Readonly<Record<string, (setup: unknown) => Core<unknown, unknown>>> = {
  whisper(recorded) {
    const { setup, random } = recorded as { readonly setup: WhisperSetup; readonly random: string };
    return new Whisper(setup, seededRandom(random)) as Core<unknown, unknown>;
  },
  ospf(recorded) {
    const { config, random, authenticationSequence } = recorded as OspfSetup;
    const surroundings = { random: seededRandom(random), cipher: systemCipher, authenticationSequence };
    return new OspfRouter(config, surroundings) as Core<unknown, unknown>;
  },
  membership(recorded) {
    const { setup, tags, random } = recorded as MembershipRecord;
    const core = tags
      ? serfCluster({ membership: setup, tags }, seededRandom(random), systemCipher)
      : plainCluster(setup, seededRandom(random), systemCipher);
    return core as Core<unknown, unknown>;
  },
};

/** What a member is recorded with; `tags` with Serf's layer. Where keys encrypt, packets differ by their random numbers. */
export interface MembershipRecord {
  readonly setup: MembershipSetup;
  readonly tags?: Tags;
  readonly random: string;
}

/** What an OSPF router is recorded with. The configuration has the keys of its interfaces in it. */
export interface OspfSetup {
  readonly config: OspfConfig;
  readonly random: string;
  readonly authenticationSequence: number;
}
