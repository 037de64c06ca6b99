import type { Clock } from "#host/clock.ts";
import type { Cipher } from "#base/cipher.ts";
import { decodeUtf8 } from "#base/utf8.ts";
import type { MemberState, MemberView } from "#membership/io.ts";
import type { Tags } from "#membership/serf/io.ts";
import { fingerprint } from "#peers/fingerprint.ts";
import type { Announcement } from "#peers/io.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import type { ChatParticipant, MemberStateName, MemberStatus } from "#services/membership-api.ts";
import { ANNOUNCEMENT_TAG } from "#services/membership-config.ts";
import type { PeersApi } from "#services/peers-api.ts";

/** A member of either kind of cluster; only Serf's have tags. */
export type AnyMember = MemberView & { readonly tags?: Tags };

/** What the members' core is asked. */
export interface MemberSource {
  members(): readonly AnyMember[];
  readonly present: number;
}

interface Needs {
  readonly peers: PeersApi;
  readonly identity: IdentityApi;
}

interface Surroundings {
  readonly clock: Clock;
  readonly cipher: Cipher;
}

/** Who the members are: what each has announced of itself, for people and for the peer book. */
export class MemberBook {
  readonly #around: Surroundings;
  readonly #own: string;
  readonly #needs: Needs;
  readonly #source: MemberSource;
  readonly #announced = new Map<string, Announcement>();
  /** Who failed or left: memberlist forgets them within a minute, people do not. */
  readonly #past = new Map<string, MemberStatus>();

  constructor(around: Surroundings, own: string, needs: Needs, source: MemberSource) {
    this.#around = around;
    this.#own = own;
    this.#needs = needs;
    this.#source = source;
  }

  /** By name, this node first; also those that failed or left within a day. */
  all(): readonly MemberStatus[] {
    const members = this.#source.members().map((member) => this.statusOf(member));
    const names = new Set(members.map(({ name }) => name));
    const oldest = this.#around.clock.wallTime() - PAST_MS;
    const past = [...this.#past.values()].filter(({ name, since }) => !names.has(name) && since > oldest);
    const all = [...members, ...past];
    return all.sort((a, b) => Number(b.own) - Number(a.own) || (a.name < b.name ? -1 : 1));
  }

  statusOf(member: AnyMember): MemberStatus {
    const {
      name,
      address,
      state,
      since,
      incarnation,
      roundTripMs,
      reason,
      versions,
      tags = {},
      meta,
    } = member;
    const { clock, cipher } = this.#around;
    const announced = this.#announcementOf(name);
    return {
      ...{ name, address, incarnation, versions: [...versions], own: name === this.#own },
      state: stateName(state),
      since: Math.round(since + clock.wallTime() - clock.now()),
      ...(roundTripMs !== undefined && { roundTripMs }),
      reason: reason ?? "",
      tags: Object.fromEntries(Object.entries(tags).filter(([key]) => key !== ANNOUNCEMENT_TAG)),
      fingerprint: announced ? fingerprint(announced.publicKey, cipher) : "",
      services: announced?.services ?? [],
      lobby: (announced?.lobby ?? false) && (state === "alive" || state === "suspect"),
      meta: announced || member.tags ? "" : decodeUtf8(meta),
    };
  }

  /** A member is new, has changed or is back: its announcement goes into the peer book, or at least its address. */
  present(member: AnyMember): void {
    const { name, address, since, meta, tags } = member;
    if (name === this.#own) return;
    this.#past.delete(name);
    const bytes = tags ? fromBase64Url(tags[ANNOUNCEMENT_TAG] ?? "") : meta;
    const read = this.#needs.identity.read(bytes);
    // Anyone can copy another member's announcement; only the one at the address that it names is its own.
    if (
      read.ok &&
      read.announcement.services.some((own) => own.kind === "member" && own.address === address)
    ) {
      this.#announced.set(name, read.announcement);
      this.#prune();
      this.#needs.peers.announced(bytes, "membership", name);
    } else {
      this.#announced.delete(name);
      this.#needs.peers.heard({ kind: "member", address, origin: "membership", source: name, name });
    }
    this.#report(address, since);
  }

  /** It has failed. */
  failed(member: AnyMember, reason: string): void {
    const { name, address, since } = member;
    if (name === this.#own) return;
    this.#remember({ ...this.statusOf(member), reason });
    this.#report(address, since, reason);
  }

  /** It has left: what it announced no longer counts. */
  left(member: AnyMember): void {
    const { name, address, since } = member;
    if (name === this.#own) return;
    this.#remember(this.statusOf(member));
    const announced = this.#announced.get(name);
    if (announced) this.#needs.peers.gone(announced.publicKey);
    this.#report(address, since, "it has left the cluster");
  }

  /** Who is in the chat, this node first. */
  chat(): readonly ChatParticipant[] {
    return this.all()
      .filter(({ lobby }) => lobby)
      .map(({ name, fingerprint: key, services, own, state }) => {
        const address = services.find(({ kind }) => kind === "whisper")?.address ?? "";
        return { name, fingerprint: key, address, own, state };
      });
  }

  #remember(member: MemberStatus): void {
    this.#past.delete(member.name);
    if (this.#past.size >= MOST_PAST) this.#past.delete(this.#past.keys().next().value!);
    this.#past.set(member.name, member);
  }

  #announcementOf(name: string): Announcement | undefined {
    return name === this.#own ? this.#needs.identity.current() : this.#announced.get(name);
  }

  /** Members that were forgotten leave theirs behind. */
  #prune(): void {
    if (this.#announced.size <= 2 * this.#source.present + MOST_PAST) return;
    const names = new Set(this.#source.members().map(({ name }) => name));
    for (const name of this.#announced.keys()) if (!names.has(name)) this.#announced.delete(name);
  }

  #report(address: string, since: number, lost?: string): void {
    const { clock } = this.#around;
    this.#needs.peers.report("member", address, {
      state: lost === undefined ? "linked" : "lost",
      since: Math.round(since + clock.wallTime() - clock.now()),
      ...(lost !== undefined && { reason: lost }),
    });
  }
}

/** Members that are shown although the core has forgotten them, and for how long. */
const MOST_PAST = 1_024;
const PAST_MS = 24 * 60 * 60_000;

/** The tag of an announcement. */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array {
  if (!/^[\w-]{0,1024}$/.test(text) || text.length % 4 === 1) return new Uint8Array(0);
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function stateName(state: MemberState): MemberStateName {
  return state === "dead" ? "failed" : state;
}
