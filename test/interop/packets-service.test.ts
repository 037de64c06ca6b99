import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectTo, type ParleyConnection } from "#api/client.ts";
import { ResponderNews, RunState } from "#api/gen/parley/v1/packets_pb.ts";
import { capturedPackets } from "#packet/file/packets.ts";
import { namespaceTest, type Namespace } from "./namespace.ts";

const SECTION = {
  folder: "examples/packets",
  responders: [{ name: "arp", interface: "vb", options: { address: "10.1.2.9", mac: "02:00:00:00:00:99" } }],
  captures: [{ interface: "vb", query: "arp", file: "arp" }],
};

namespaceTest("a node answers ARP by a responder of its folder, and captures it", [], async (space) => {
  space.run("sh", "-c", "ip link add va type veth peer name vb && ip link set va up && ip link set vb up");
  space.run("ip", "addr", "add", "10.1.2.3/24", "dev", "va");
  await withDaemon(space, SECTION, async ({ client }, { folder, parley }) => {
    await until(async () => (await client.packets.listCaptures({})).captures[0]!.state === RunState.RUNNING);
    const stream = client.packets.capture({
      interface: "va",
      query: "arp.dst.proto_ipv4 == 10.1.2.9 or arp.opcode == 2",
    });
    const packets = stream[Symbol.asyncIterator]();
    assert.equal((await packets.next()).value!.linkType, 1);
    speakTo(space, "10.1.2.9");
    const rows: string[] = [];
    while (rows.length < 2)
      for (const { protocol, info } of (await packets.next()).value!.packets)
        rows.push(`${protocol} ${info}`);
    assert.match(rows.join("\n"), /^ARP .*10\.1\.2\.9.*\nARP .*10\.1\.2\.9.*02:00:00:00:00:99/);
    await packets.return?.(undefined);
    assert.match(space.run("ip", "neigh", "show", "10.1.2.9"), /lladdr 02:00:00:00:00:99/);

    const news: unknown[] = [];
    for await (const { item } of client.node.watch({ after: 0n, services: ["packets"] })) {
      if (item.case === "event" && item.value.detail.case === "responder") {
        const { name, interface: on, news: what, text } = item.value.detail.value;
        news.push([name, on, what, text]);
      }
      if (news.length === 2) break;
    }
    const told = "10.1.2.9 is at 02:00:00:00:00:99";
    assert.deepEqual(news, [
      ["arp", "vb", ResponderNews.STARTED, ""],
      ["arp", "vb", ResponderNews.TOLD, told],
    ]);

    const [arp] = (await client.packets.listResponders({})).responders;
    assert.deepEqual(
      [arp!.state, arp!.matched >= 1n, arp!.sent, arp!.errors],
      [RunState.RUNNING, true, arp!.matched, 0n],
    );
    assert.match(parley("show responders"), /^arp +vb +running .* [1-9]\d* +0 +0$/m);
    assert.match(parley("show captures"), /^vb +arp +running /m);
    const speaker = spawn("ip", ["netns", "exec", space.name, process.execPath, "-e", SPEAK_ON]);
    const line = parley("capture start va count 1 arp.dst.proto_ipv4 == 10.1.2.77");
    speaker.kill();
    assert.match(line, /^ +1 +0\.000000 \S+ +broadcast +ARP +/);

    const file = join(folder, "data/captures/arp_00001.pcapng");
    await until(() => [...capturedPackets(readFileSync(file))].length >= 2);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });
});

namespaceTest("a responder that fails is told of, and a file that was mended runs", [], async (space) => {
  space.run("sh", "-c", "ip link add va type veth peer name vb && ip link set va up && ip link set vb up");
  space.run("ip", "addr", "add", "10.1.2.3/24", "dev", "va");
  const responders = mkdtempSync(join(tmpdir(), "parley-responders-"));
  const write = (body: string): void =>
    writeFileSync(
      join(responders, "mine.mjs"),
      `export const exchange = ({ responder }) => responder("mine", { arp: () => { ${body} } });\n`,
    );
  write("throw new Error('not yet');");
  const section = { folder: responders, responders: [{ name: "mine", interface: "later" }] };
  await withDaemon(space, section, async ({ client }, { parley }) => {
    const mine = async () => (await client.packets.listResponders({})).responders[0]!;
    assert.match((await mine()).reason, /there is no interface later/);
    space.run("ip", "link", "set", "vb", "down");
    space.run("ip", "link", "set", "vb", "name", "later");
    space.run("ip", "link", "set", "later", "up");
    await until(async () => (await mine()).state === RunState.RUNNING);
    await until(async () => {
      speakTo(space, "10.1.2.9");
      return (await mine()).state === RunState.FAILED;
    });
    const { lastError, lastErrorPacket } = await mine();
    assert.equal(lastError, "not yet");
    assert.match(lastErrorPacket, /ARP .*; 42 bytes: ffffffffffff/);
    write("");
    assert.equal(parley("responder start mine later"), "mine answers on later\n");
    speakTo(space, "10.1.2.10");
    await until(async () => (await mine()).matched > 1n);
    assert.equal((await mine()).state, RunState.RUNNING);
    chmodSync(join(responders, "mine.mjs"), 0o666);
    parley("responder stop mine");
    await assert.rejects(
      client.packets.startResponder({ name: "mine", interface: "later" }),
      /everybody may write/,
    );
  }).finally(() => rmSync(responders, { recursive: true, force: true }));
});

interface Around {
  readonly folder: string;
  /** The output of a command of the prompt. */
  readonly parley: (command: string) => string;
}

/** A daemon in the namespace with this section `packets`. */
async function withDaemon(
  space: Namespace,
  section: unknown,
  run: (connection: ParleyConnection, around: Around) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "parley-interop-"));
  const socket = join(folder, "parleyd.sock");
  const settings = [`node.data=${folder}/data`, `api.socket=${socket}`, `packets=${JSON.stringify(section)}`];
  const args = ["netns", "exec", space.name, "bin/parleyd", "--until-stdin-ends"];
  const all = [...args, ...settings.flatMap((each) => ["-s", each])];
  const daemon: ChildProcess = spawn("ip", all, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  daemon.stdout!.on("data", (data) => (output += data));
  let connection: ParleyConnection | undefined;
  try {
    await until(() => output.includes("service: packets") && readdirSync(folder).includes("parleyd.sock"));
    connection = await connectTo({ socket });
    const parley = (command: string): string => space.run("bin/parley", "--socket", socket, "-c", command);
    await run(connection, { folder, parley });
  } catch (error) {
    throw new Error(`${String(error)}\n${output}`, { cause: error });
  } finally {
    connection?.close();
    daemon.stdin!.end();
    if (daemon.exitCode === null) await once(daemon, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Has the kernel look for an address. */
function speakTo(space: Namespace, address: string): void {
  const program = `const s = require("dgram").createSocket("udp4"); s.send("x", 9, "${address}", () => s.close());`;
  space.run(process.execPath, "-e", program);
}

/** Looks for one that nobody has, again and again. */
const SPEAK_ON = `const s = require("dgram").createSocket("udp4"); s.on("error", () => {});
  setInterval(() => s.send("x", 9, "10.1.2.77"), 200);`;

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 20_000; !(await done());) {
    assert.ok(performance.now() < end, `waited in vain: ${done.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
