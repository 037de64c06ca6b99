import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResponderEvent } from "#api/gen/parley/v1/packets_pb.ts";
import { completeAt } from "#prompt/completion.ts";
import { execute } from "#prompt/session.ts";
import { event, capture, responder, timeAt } from "#prompt/testing/fake-client.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";

const NOON = new Date(2026, 10, 21, 12, 0, 0).getTime(); // local time, as people read it

async function outputOf(prompt: ReturnType<typeof fakePrompt>, line: string): Promise<string> {
  const { status, output, error } = await execute(prompt.tree, line);
  assert.equal(status, 0, error ?? "");
  return output;
}

test("show responders has counts, the last error, and the packet at which one failed", async () => {
  const prompt = fakePrompt(NOON);
  const since = timeAt(NOON - 60_000);
  prompt.node.responders = [
    responder("arp", 2, { since, seen: 90n, matched: 12n, sent: 12n, dropped: 3n }),
    responder("dns", 2, { since, errors: 1n, lastError: "too long", lastErrorTime: timeAt(NOON - 5_000) }),
    responder("lab", 3, {
      since,
      errors: 1n,
      reason: "x is undefined, at a packet",
      lastError: "x is undefined",
      lastErrorPacket: "192.0.2.1 192.0.2.2 DNS query; 2 bytes: 0102",
    }),
    responder("old", 3, { since, interface: "eth9", reason: "no eth9", nextAttempt: timeAt(NOON + 4_000) }),
  ];
  assert.equal(
    await outputOf(prompt, "show resp"),
    [
      "Name Interface State   For Seen Matched Sent Dropped Errors Last error",
      "---- --------- ------- --- ---- ------- ---- ------- ------ ---------------------------",
      "arp  eth0      running 1m    90      12   12       3      0",
      "dns  eth0      running 1m     0       0    0       0      1 11:59:55 too long",
      "lab  eth0      failed  1m     0       0    0       0      1 x is undefined",
      "old  eth9      failed  1m     0       0    0       0      0 no eth9; next attempt in 4s",
      "lab on eth0 failed at 192.0.2.1 192.0.2.2 DNS query; 2 bytes: 0102",
      "",
    ].join("\n"),
  );
  const json = JSON.parse(await outputOf(prompt, "show responders | json")) as {
    responders: { matched: number; state: string; interface: string }[];
  };
  const [first] = json.responders;
  assert.deepEqual([first!.matched, first!.state, first!.interface], [12, "running", "eth0"]);
});

test("the log as JSON has what a responder did", async () => {
  const prompt = fakePrompt(NOON);
  const news = { name: "arp", interface: "eth0", news: 3, text: "heard", details: "{}", leftOut: 2n };
  const rest = { from: "", to: "", packet: "" };
  const value = { $typeName: "parley.v1.ResponderEvent", ...news, ...rest } as ResponderEvent;
  prompt.node.events = [event("arp on eth0: heard {}", { detail: { case: "responder", value } })];
  const [shown] = JSON.parse(await outputOf(prompt, "show log | json")) as { responder: unknown }[];
  assert.deepEqual(shown!.responder, { ...news, ...rest, news: "told", leftOut: 2 });
});

test("without responders the names of the folder are told", async () => {
  const prompt = fakePrompt();
  assert.match(await outputOf(prompt, "show responders"), /packets\.folder has none/);
  prompt.node.available = ["arp", "dns"];
  assert.match(await outputOf(prompt, "show responders"), /starts one of arp, dns\./);
});

test("show captures tells files from clients", async () => {
  const prompt = fakePrompt(NOON);
  assert.match(await outputOf(prompt, "show captures"), /^Nothing is captured; "capture start/);
  const since = timeAt(NOON - 3_600_000);
  prompt.node.captures = [
    capture(2, { since, file: "dns", query: "udp.port == 53", packets: 10n, bytes: 900n, dropped: 1n }),
    capture(2, { since, interface: "lo" }),
  ];
  assert.equal(
    await outputOf(prompt, "show captures"),
    [
      "Interface To       State   For Packets Bytes Dropped Query          Note",
      "--------- -------- ------- --- ------- ----- ------- -------------- ----",
      "eth0      dns      running 1h       10   900       1 udp.port == 53",
      "lo        a client running 1h        0     0       0",
      "",
    ].join("\n"),
  );
  assert.equal(await outputOf(prompt, "show captures | include client | count"), "1\n");
});

test("responders are started with options and stopped, and their names are completed", async () => {
  const prompt = fakePrompt();
  prompt.node.available = ["arp", "dns"];
  prompt.node.responders = [responder("arp", 2)];
  assert.equal(
    await outputOf(prompt, "responder start arp eth0 address=192.0.2.7  mac=02:00:00:00:00:01"),
    "arp answers on eth0\n",
  );
  assert.equal(await outputOf(prompt, "resp stop arp"), "arp on eth0 is stopped\n");
  await outputOf(prompt, "resp stop arp eth0");
  assert.deepEqual(prompt.node.orders, [
    'start arp eth0 {"address":"192.0.2.7","mac":"02:00:00:00:00:01"}',
    "stop arp",
    "stop arp eth0",
  ]);
  const { message } = await execute(prompt.tree, "responder start arp eth0 192.0.2.7");
  assert.equal(message, '"192.0.2.7" is no option; write KEY=VALUE');
  const { entries } = await completeAt(prompt.tree, "responder start ");
  assert.deepEqual(entries, [
    { text: "arp", help: "running on eth0" },
    { text: "dns", help: "not started" },
  ]);
  assert.equal((await completeAt(prompt.tree, "responder stop a")).text, "arp ");
  assert.equal((await completeAt(prompt.tree, "responder start arp e")).text, "eth0 ");
});
