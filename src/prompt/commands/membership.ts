import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { formatMs } from "#prompt/commands/show-members.ts";
import { joinJson, joinLine } from "#prompt/commands/show-membership.ts";
import { command } from "#prompt/grammar.ts";

const MORE = "Another member, should the first not answer";

export const join = command<ParleyContext>()("join <address:address> [second:address] [third:address]", {
  help: ["Join the cluster of a member", "IP:port or host:port of a member", MORE, MORE],
  async run({ client, now }, { address, second, third }, call) {
    const addresses = [address, second, third].filter((address) => address !== undefined);
    const { outcomes } = await (await client()).membership.join({ addresses }, call);
    return linesAnswer(
      outcomes.map(joinJson),
      outcomes.map((outcome) => joinLine(outcome, now())),
    );
  },
});

export const leave = command<ParleyContext>()("leave", {
  help: ["Leave the cluster; the others are told"],
  async run({ client }, _args, call) {
    await (await client()).membership.leave({}, call);
    return linesAnswer({ left: true }, ['left the cluster; "join ADDR" comes back']);
  },
});

const PAYLOAD = "What goes with it; several words in quotation marks";

export const event = command<ParleyContext>()("event <name:word> [payload:word]", {
  help: ["Send an event to all members", "Name of the event", PAYLOAD],
  async run({ client }, { name, payload = "" }, call) {
    await (await client()).membership.sendEvent({ name, payload: encodeUtf8(payload) }, call);
    return linesAnswer({ name, payload }, [`sent ${name} to all members`]);
  },
});

export const query = command<ParleyContext>()("query <name:word> [payload:word]", {
  help: ["Ask all members and wait for their answers", "Name of the query", PAYLOAD],
  async run({ client }, { name, payload = "" }, call) {
    const request = { name, payload: encodeUtf8(payload) };
    const { answers, acknowledged } = await (await client()).membership.query(request, call);
    const texts = answers.map(({ from, payload: bytes }) => ({ from, answer: decodeUtf8(bytes) }));
    const members = acknowledged.length === 1 ? "member has" : "members have";
    return linesAnswer({ answers: texts, acknowledged }, [
      ...texts.map(({ from, answer }) => `${from}: ${answer.trimEnd()}`),
      `${acknowledged.length} ${members} received it, ${answers.length} answered`,
    ]);
  },
});

export const showRoundTrip = command<ParleyContext>()("show rtt <member:member> [other:member]", {
  help: [
    "Show running system information",
    "Time to a member and back",
    "Name of a member",
    "Name of another one; by default this node",
  ],
  async run({ client }, { member, other = "" }, call) {
    const { ms, estimated } = await (
      await client()
    ).membership.getRoundTrip({ from: member, to: other }, call);
    const how = estimated ? "by coordinates" : "by the last probe";
    const between = other === "" ? member : `${member} and ${other}`;
    return linesAnswer({ ms, estimated }, [`${between}: ${formatMs(ms)} (${how})`]);
  },
});
