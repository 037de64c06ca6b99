import type { Member } from "#api/gen/parley/v1/membership_pb.ts";
import { formatDuration } from "#base/duration.ts";
import { linesAnswer, tableAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { formatMemberState } from "#prompt/commands/states.ts";
import { command } from "#prompt/grammar.ts";
import { formatClock, isoTime, toMs } from "#prompt/times.ts";

const MEMBERS = ["Show running system information", "Members of the cluster"] as const;

export const showMembers = command<ParleyContext>()("show members", {
  help: MEMBERS,
  async run({ client, now }, _args, call) {
    const { members } = await (await client()).membership.listMembers({}, call);
    return tableAnswer(members.map(memberJson), {
      columns: ["Name", "Address", "State", "For", "RTT", "Services", "Note"],
      rows: members.map((member) => toRow(member, now())),
      rightAligned: [4],
      whenEmpty: "No member is known.",
    });
  },
});

export const showMembersDetail = command<ParleyContext>()("show members detail", {
  help: [...MEMBERS, "All that is known of each"],
  async run({ client, now }, _args, call) {
    const { members } = await (await client()).membership.listMembers({}, call);
    const lines = members.flatMap((member) => ["", ...detailLines(member, now())]);
    return linesAnswer(members.map(memberJson), lines.slice(1));
  },
});

function toRow(member: Member, now: number): string[] {
  return [
    member.name,
    member.address,
    formatMemberState(member.state),
    stateFor(member, now),
    roundTrip(member) || "-",
    member.services.map(({ kind }) => kind).join(", ") || "-",
    noteOf(member),
  ];
}

function noteOf({ own, reason, lobby }: Member): string {
  const notes = [own ? "this node" : "", lobby ? "in the chat" : "", reason];
  return notes.filter((note) => note !== "").join("; ");
}

function stateFor({ since }: Member, now: number): string {
  const ms = toMs(since);
  return ms === undefined ? "-" : formatDuration(now - ms);
}

function roundTrip({ roundTripMs }: Member): string {
  return roundTripMs === undefined ? "" : formatMs(roundTripMs);
}

/** "0.42 ms", "12.3 ms", "184 ms". */
export function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function detailLines(member: Member, now: number): string[] {
  const { name, address, own, incarnation, versions, fingerprint, services, lobby, tags, meta, reason } =
    member;
  const since = toMs(member.since);
  const state = formatMemberState(member.state);
  const clock = since === undefined ? "" : ` since ${formatClock(since, now)} (${stateFor(member, now)})`;
  const facts: [string, string][] = [
    ["State", `${state}${clock}${reason === "" ? "" : `: ${reason}`}`],
    ["Address", address],
    ["Incarnation", String(incarnation)],
    ["Protocol", rangeOf(versions.slice(0, 3))],
    ["Delegate", rangeOf(versions.slice(3))],
    ["Round trip", roundTrip(member)],
    ["Identity", fingerprint],
    ...services.map(({ kind, address: at }): [string, string] => [`${kind} at`, at]),
    ["Chat", lobby ? "present" : ""],
    ["Tags", tagsText(tags)],
    ["Metadata", meta],
  ];
  const shown = facts.filter(([, value]) => value !== "");
  return [
    `${name}${own ? " (this node)" : ""}`,
    ...shown.map(([key, value]) => `  ${key.padEnd(12)} ${value}`),
  ];
}

/** "2 (1 to 5)". */
function rangeOf([lowest = 0, highest = 0, spoken = 0]: readonly number[]): string {
  return `${spoken} (${lowest} to ${highest})`;
}

function tagsText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(" ");
}

function memberJson(member: Member): unknown {
  return {
    name: member.name,
    address: member.address,
    state: formatMemberState(member.state),
    since: isoTime(member.since),
    own: member.own,
    incarnation: member.incarnation,
    roundTripMs: member.roundTripMs,
    reason: member.reason,
    versions: member.versions,
    tags: member.tags,
    fingerprint: member.fingerprint,
    services: member.services.map(({ kind, address }) => ({ kind, address })),
    lobby: member.lobby,
    meta: member.meta,
  };
}
