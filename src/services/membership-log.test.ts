import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogLevel } from "#host/log.ts";
import type { EventDetail } from "#services/events.ts";
import type { MemberStatus } from "#services/membership-api.ts";
import { MembershipLog } from "#services/membership-log.ts";

test("members that come in masses are told to those who watch, and not to people", () => {
  let now = 0;
  const levels: LogLevel[] = [];
  const details: (EventDetail | undefined)[] = [];
  const publish = (level: LogLevel, _: string, detail?: EventDetail): void => {
    levels.push(level);
    details.push(detail);
  };
  const members = new MembershipLog({ publish }, { now: () => now });
  const tell = (news: "joined" | "updated", name: string): void =>
    members.member(news, { name, address: "192.0.2.1:7946", state: "alive", own: false } as MemberStatus);
  for (let i = 0; i < 500; i++) tell("updated", "a");
  for (let i = 0; i < 1_000; i++) tell("joined", `ghost${i}`);
  now = 60_000;
  tell("joined", "later");
  assert.equal(levels.filter((level) => level === "info").length, 201);
  assert.equal(levels.at(-1), "info");
  assert.equal(details.filter((detail) => detail?.type === "member").length, 1_501);
});
