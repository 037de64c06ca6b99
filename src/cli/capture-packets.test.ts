import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { runScript } from "#cli/script.ts";
import { captured, FakeNode } from "#prompt/testing/fake-client.ts";

const PACKETS = [
  captured(1, "query a.example"),
  captured(2, "reply\u001b[2J"),
  captured(3, "query b.example"),
];

async function run(line: string, node = new FakeNode()) {
  if (node.captured.length === 0) node.captured = [{ packets: PACKETS, dropped: 0n }];
  const written = { output: "", errors: "" };
  const status = await runScript([{ text: line }], {
    client: async () => node.client,
    output: { write: (text) => (written.output += text) },
    errors: { write: (text) => (written.errors += text) },
  });
  return { status, ...written, orders: node.orders };
}

const row = (number: number, time: string, info: string): string =>
  `${String(number).padStart(6)} ${time.padStart(12)} 192.0.2.1         192.0.2.2         DNS      ${info}\n`;

test("capture start shows a line for each packet, as many as were asked for", async () => {
  const { status, output, orders } = await run("capture start eth0 count 2 udp.port == 53 || arp");
  assert.deepEqual([status, orders], [0, ["capture eth0 udp.port == 53 || arp"]]);
  assert.equal(output, row(1, "0.000000", "query a.example") + row(2, "0.001000", "reply\\x1b[2J"));
});

test("filters follow a query as they follow other commands", async () => {
  assert.equal(
    (await run("cap sta eth0 count 3 dns | include b.ex")).output,
    row(3, "0.002000", "query b.example"),
  );
  assert.equal((await run("capture start eth0 count 3 | exclude reply | count")).output, "2\n");
  assert.equal((await run("capture start eth0 count 3 | begin reply | count")).output, "2\n");
  const { output, orders } = await run('capture start eth0 count 2 http contains " | x" | json');
  assert.deepEqual(orders, ['capture eth0 http contains " | x"']);
  const packets = JSON.parse(output) as { number: number; data: string; info: string }[];
  assert.deepEqual(
    packets.map(({ number, data }) => [number, data]),
    [
      [1, "0102ff"],
      [2, "0102ff"],
    ],
  );
  const bad = await run("capture start eth0 count 1 dns | jsno");
  assert.equal(bad.status, 1);
  assert.match(bad.errors, /after "\|": unknown filter "jsno"/);
});

test("packets that were lost are told in their place", async () => {
  const node = new FakeNode();
  node.captured = [
    { packets: [captured(1, "one")], dropped: 0n },
    { packets: [captured(9, "two")], dropped: 7n },
  ];
  const { output } = await run("capture start eth0 count 2", node);
  assert.match(output, /one\n7 packets were lost: they came too fast\n.*two\n$/);
});

test("without a count packets are shown as they come, until the call ends", async () => {
  const node = new FakeNode();
  node.captured = [{ packets: PACKETS, dropped: 0n }];
  let output = "";
  void runScript([{ text: "capture start eth0 | json" }], {
    client: async () => node.client,
    output: { write: (text) => (output += text) },
    errors: { write: () => {} },
  });
  for (let i = 0; i < 100 && !output.includes("b.example"); i++) await turn();
  assert.equal(output.match(/^\{$/gm)?.length, 3);
});

test("a capture that is refused says why", async () => {
  const node = new FakeNode();
  node.failure = { rawMessage: "there is no interface eth9; see `show interfaces`" };
  const { status, errors } = await run("capture start eth9 | count", node);
  assert.deepEqual([status, errors], [1, "parley: there is no interface eth9; see `show interfaces`\n"]);
});
