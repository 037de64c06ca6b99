import type { Event } from "#api/gen/parley/v1/node_pb.ts";
import type { ResponderEvent } from "#api/gen/parley/v1/packets_pb.ts";
import { decodeUtf8 } from "#base/utf8.ts";
import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { formatLevel, formatMemberState, formatResponderNews } from "#prompt/commands/states.ts";
import { command } from "#prompt/grammar.ts";
import { formatClock, isoTime, toMs } from "#prompt/times.ts";

export const showLog = command<ParleyContext>()("show log [count:number]", {
  help: [
    "Show running system information",
    "What happened on this node",
    "How many events (0: all that are kept)",
  ],
  async run({ client, now }, { count }, call) {
    const { events } = await (await client()).node.listEvents({ limit: count ?? DEFAULT_COUNT }, call);
    return linesAnswer(
      events.map(toJson),
      events.map((event) => formatEvent(event, now())),
    );
  },
});

export const searchLog = command<ParleyContext>()("show log search <text:text>", {
  help: [
    "Show running system information",
    "What happened on this node",
    "Only events whose text holds something",
    "What to look for, whatever the case",
  ],
  async run({ client, now }, { text }, call) {
    const { events } = await (await client()).node.listEvents({ pattern: text.trim() }, call);
    return linesAnswer(
      events.map(toJson),
      events.map((event) => formatEvent(event, now())),
    );
  },
});

/** "10:05:03 warn  whisper: no answer from 192.0.2.7:55555". */
export function formatEvent(event: Event, now: number): string {
  const level = formatLevel(event.level).padEnd(5);
  return `${formatClock(toMs(event.time), now)} ${level} ${event.service}: ${event.text}`;
}

function toJson(event: Event): unknown {
  return {
    sequence: Number(event.sequence),
    time: isoTime(event.time),
    level: formatLevel(event.level),
    service: event.service,
    text: event.text,
    ...(event.detail.case === "responder" && { responder: responderJson(event.detail.value) }),
    ...memberJson(event.detail),
  };
}

/** What happened among the members of the cluster. */
function memberJson(detail: Event["detail"]): Record<string, unknown> {
  switch (detail.case) {
    case "member": {
      const { news, name, address, state, own, reason } = detail.value;
      return { member: { news, name, address, state: formatMemberState(state), own, reason } };
    }
    case "memberEvent": {
      const { name, payload, from } = detail.value;
      return { memberEvent: { name, payload: decodeUtf8(payload), from } };
    }
    case "memberQuery": {
      const { name, payload, from, answered } = detail.value;
      return { memberQuery: { name, payload: decodeUtf8(payload), from, answered } };
    }
    case "broadcast": {
      const { key, text, removed, by, own } = detail.value;
      return { broadcast: { key, text, removed, by, own } };
    }
    default:
      return {};
  }
}

function responderJson(event: ResponderEvent): unknown {
  const { name, interface: interfaceName, news, from, to, text, details, packet, leftOut } = event;
  const about = { name, interface: interfaceName, news: formatResponderNews(news) };
  return { ...about, from, to, text, details, packet, leftOut: Number(leftOut) };
}

const DEFAULT_COUNT = 50; // a screen or two; `show log 0` has all
