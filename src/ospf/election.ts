import type { Ipv4 } from "#base/ipv4.ts";

/** A router on the network as the election sees it. */
export interface Candidate {
  readonly routerId: Ipv4;
  /** Of its interface on this network: what it is named by. */
  readonly address: Ipv4;
  /** 0: cannot be chosen. */
  readonly priority: number;
  /** Whom it says to be the designated router and its backup; 0 for none. */
  readonly designated: Ipv4;
  readonly backup: Ipv4;
}

/** Addresses; 0 for none. */
export interface Elected {
  readonly designated: Ipv4;
  readonly backup: Ipv4;
}

/**
 * Chooses the designated router and its backup among this router and the neighbors that it has two-way communication with
 * (RFC 2328 9.4). It is done again when this router's own part has changed, so that it never is both.
 */
export function elect(self: Candidate, neighbors: readonly Candidate[]): Elected {
  const first = electOnce(self, neighbors);
  const isNow = roleOf(self.address, first);
  if (isNow === roleOf(self.address, self)) return first;
  return electOnce({ ...self, ...first }, neighbors);
}

function electOnce(self: Candidate, neighbors: readonly Candidate[]): Elected {
  const eligible = [self, ...neighbors].filter(({ priority }) => priority > 0);
  const others = eligible.filter(({ designated, address }) => designated !== address);
  const backup = best(others.filter(({ backup: named, address }) => named === address)) ?? best(others);
  const designated = best(eligible.filter(({ designated: named, address }) => named === address)) ?? backup;
  return { designated: designated?.address ?? 0, backup: backup?.address ?? 0 };
}

/** Highest priority, then highest router id. */
function best(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>((found, each) => {
    if (!found || each.priority > found.priority) return each;
    return each.priority === found.priority && each.routerId > found.routerId ? each : found;
  }, undefined);
}

function roleOf(address: Ipv4, { designated, backup }: Elected): "designated" | "backup" | "other" {
  if (designated === address) return "designated";
  return backup === address ? "backup" : "other";
}
