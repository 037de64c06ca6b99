import type { GetMembershipResponse, JoinOutcome } from "#api/gen/parley/v1/membership_pb.ts";
import { formatDuration } from "#base/duration.ts";
import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";
import { isoTime, toMs, type ApiTime } from "#prompt/times.ts";

export const showMembership = command<ParleyContext>()("show membership", {
  help: ["Show running system information", "This node's part in the cluster, and what is amiss"],
  async run({ client, now }, _args, call) {
    const answer = await (await client()).membership.getMembership({}, call);
    return linesAnswer(toJson(answer), toLines(answer, now()));
  },
});

function toLines(answer: GetMembershipResponse, now: number): string[] {
  const { name, address, listen, serf, profile, protocol, label, compression, keys } = answer;
  const { alive, suspect, failed, left, healthScore, lost } = answer;
  const kind = serf ? "Serf" : "plain (without Serf's layer)";
  const encryption = keys === 0 ? "none" : `AES-GCM, ${keys} ${keys === 1 ? "key" : "keys"}`;
  const health =
    healthScore === 0 ? "0, well" : `${healthScore}: answers are late or missing, others get more time`;
  const lines = [
    `${name} is ${STATES[answer.state] ?? answer.state}`,
    `  Address      ${address}${address === listen ? "" : `, listening on ${listen}`}`,
    `  Cluster      ${kind}, profile ${profile}, protocol ${protocol}${label === "" ? "" : `, label ${label}`}`,
    `  Encryption   ${encryption}; compression ${compression ? "on" : "off"}`,
    `  Members      ${alive} alive, ${suspect} suspect, ${failed} failed, ${left} left`,
    `  Health       ${health}${lost === 0 ? "" : `; ${lost} failed ${lost === 1 ? "member is" : "members are"} looked for`}`,
  ];
  if (answer.joins.length > 0)
    lines.push("", "Joins:", ...answer.joins.map((join) => `  ${joinLine(join, now)}`));
  if (answer.conflicts.length > 0) lines.push("", "Conflicts:");
  for (const conflict of answer.conflicts) {
    const { name: taken, address: at, claimant, since } = conflict;
    lines.push(`  ${claimant} claims to be ${taken}, which is at ${at}, ${ago(since, now)}`);
  }
  lines.push("", "Counters:");
  for (const { name: reason, count } of answer.counters)
    lines.push(`  ${String(count).padStart(10)} ${reason}`);
  return lines;
}

const STATES: Readonly<Record<string, string>> = {
  member: "a member of the cluster",
  leaving: "leaving the cluster",
  left: 'not in the cluster; "join ADDR" comes back',
};

/** "192.0.2.7:7946: 5 members (12s ago)", "…: ECONNREFUSED (2s ago)". */
export function joinLine({ address, members, reason, since }: JoinOutcome, now: number): string {
  const outcome = members === undefined ? reason : `${members} ${members === 1 ? "member" : "members"}`;
  return `${address}: ${outcome} (${ago(since, now)})`;
}

export function joinJson({ address, members, reason, since }: JoinOutcome): unknown {
  return { address, members, reason, since: isoTime(since) };
}

function ago(since: ApiTime | undefined, now: number): string {
  return `${formatDuration(now - (toMs(since) ?? now))} ago`;
}

function toJson(answer: GetMembershipResponse): unknown {
  return {
    name: answer.name,
    address: answer.address,
    listen: answer.listen,
    state: answer.state,
    serf: answer.serf,
    profile: answer.profile,
    protocol: answer.protocol,
    label: answer.label,
    compression: answer.compression,
    keys: answer.keys,
    members: { alive: answer.alive, suspect: answer.suspect, failed: answer.failed, left: answer.left },
    healthScore: answer.healthScore,
    lost: answer.lost,
    joins: answer.joins.map(joinJson),
    conflicts: answer.conflicts.map(({ name, address, claimant, since }) => {
      return { name, address, claimant, since: isoTime(since) };
    }),
    counters: Object.fromEntries(answer.counters.map(({ name, count }) => [name, Number(count)])),
  };
}
