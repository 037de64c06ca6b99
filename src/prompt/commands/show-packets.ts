import type { Capture, Responder } from "#api/gen/parley/v1/packets_pb.ts";
import { formatDuration } from "#base/duration.ts";
import { tableAnswer, type Answer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { formatRunState } from "#prompt/commands/states.ts";
import { command } from "#prompt/grammar.ts";
import { formatClock, isoTime, toMs, type ApiTime } from "#prompt/times.ts";

export const showCaptures = command<ParleyContext>()("show captures", {
  help: ["Show running system information", "Packets that are being captured"],
  async run({ client, now }, _args, call) {
    const { captures } = await (await client()).packets.listCaptures({}, call);
    return tableAnswer(captures.map(captureJson), {
      columns: ["Interface", "To", "State", "For", "Packets", "Bytes", "Dropped", "Query", "Note"],
      rows: captures.map((each) => [
        each.interface,
        each.file === "" ? "a client" : each.file,
        formatRunState(each.state),
        lasting(each.since, now()),
        String(each.packets),
        String(each.bytes),
        String(each.dropped),
        each.query,
        noteOf(each, now()),
      ]),
      rightAligned: [4, 5, 6],
      whenEmpty: 'Nothing is captured; "capture start INTERFACE" shows packets as they come.',
    });
  },
});

export const showResponders = command<ParleyContext>()("show responders", {
  help: ["Show running system information", "What answers packets, and what its errors were"],
  async run({ client, now }, _args, call): Promise<Answer> {
    const { responders, available } = await (await client()).packets.listResponders({}, call);
    const { value, blocks } = tableAnswer(responders.map(responderJson), {
      columns: [
        "Name",
        "Interface",
        "State",
        "For",
        "Seen",
        "Matched",
        "Sent",
        "Dropped",
        "Errors",
        "Last error",
      ],
      rows: responders.map((each) => [
        each.name,
        each.interface,
        formatRunState(each.state),
        lasting(each.since, now()),
        String(each.seen),
        String(each.matched),
        String(each.sent),
        String(each.dropped),
        String(each.errors),
        lastErrorOf(each, now()),
      ]),
      rightAligned: [4, 5, 6, 7, 8],
      whenEmpty: nobodyResponds(available),
    });
    const packets = responders.filter(({ lastErrorPacket }) => lastErrorPacket !== "");
    const lines = packets.map(
      (each) => `${each.name} on ${each.interface} failed at ${each.lastErrorPacket}`,
    );
    return {
      value: { responders: value, available },
      blocks: lines.length === 0 ? blocks : [...blocks, { type: "lines", lines }],
    };
  },
});

function nobodyResponds(available: readonly string[]): string {
  if (available.length === 0) return "No responder runs, and packets.folder has none.";
  return `No responder runs; "responder start NAME INTERFACE" starts one of ${available.join(", ")}.`;
}

/** How it stands, for `| json`. */
export function responderJson(responder: Responder): unknown {
  const { name, configured, position, lastError, lastErrorPacket } = responder;
  return {
    name,
    ...runJson(responder),
    configured,
    position,
    seen: Number(responder.seen),
    matched: Number(responder.matched),
    sent: Number(responder.sent),
    dropped: Number(responder.dropped),
    errors: Number(responder.errors),
    lastError,
    lastErrorTime: isoTime(responder.lastErrorTime),
    lastErrorPacket,
  };
}

function captureJson(capture: Capture): unknown {
  const { query, file } = capture;
  return {
    ...runJson(capture),
    query,
    file,
    packets: Number(capture.packets),
    bytes: Number(capture.bytes),
    dropped: Number(capture.dropped),
  };
}

type Run = Pick<Capture, "interface" | "state" | "since" | "reason" | "nextAttempt">;

function runJson({ interface: name, state, since, reason, nextAttempt }: Run) {
  return {
    interface: name,
    state: formatRunState(state),
    since: isoTime(since),
    reason,
    nextAttempt: isoTime(nextAttempt),
  };
}

function lasting(since: ApiTime | undefined, now: number): string {
  const sinceMs = toMs(since);
  return sinceMs === undefined ? "" : formatDuration(now - sinceMs);
}

function noteOf({ reason, nextAttempt }: Run, now: number): string {
  const next = toMs(nextAttempt);
  if (next === undefined) return reason;
  return `${reason}; ${next > now ? `next attempt in ${formatDuration(next - now)}` : "trying again"}`;
}

/** Why it does not run, or what went wrong before it did. */
function lastErrorOf(responder: Responder, now: number): string {
  const { lastError, lastErrorTime, reason } = responder;
  // The packet of a failure has a line of its own.
  if (reason !== "") return noteOf({ ...responder, reason: lastError === "" ? reason : lastError }, now);
  return lastError === "" ? "" : `${formatClock(toMs(lastErrorTime), now)} ${lastError}`;
}
