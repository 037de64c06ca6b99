import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseRecording, replay } from "#machine/record.ts";
import { coreOf } from "../../tools/replay-cores.ts";
import { MemberDaemon, until } from "./member-daemon.ts";

// Real daemons on loopback addresses of this file's own. One member:// address brings up membership and whisper with all.

let folder: string;
const running: MemberDaemon[] = [];

before(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-members-"));
});

after(async () => {
  await Promise.all(running.map((node) => node.end("SIGTERM")));
  rmSync(folder, { recursive: true, force: true });
});

/** A daemon at 127.82.NET.NUMBER; those of one net are of one test. */
function daemon(net: number, name: string, number: number, settings: readonly string[]): MemberDaemon {
  const place = join(folder, `${net}`);
  mkdirSync(place, { recursive: true });
  const node = new MemberDaemon(place, name, `127.82.${net}.${number}`, settings);
  running.push(node);
  return node;
}

for (const serf of [false, true]) {
  const net = serf ? 1 : 0;
  const kind = serf ? "with Serf's layer" : "plain";
  const key = `membership.serf=${serf}`;

  test(`one member address brings up membership and whisper with everyone (${kind})`, async () => {
    const recordings = join(folder, `recordings-${net}`);
    const a = daemon(net, "alice", 1, [key, `node.recordings=${recordings}`]);
    await a.client();
    const seeds = [key, `peers=["member://${a.member}"]`];
    const b = daemon(net, "bob", 2, seeds);
    const c = daemon(net, "carol", 3, seeds);
    const three = [a, b, c];
    for (const node of three) {
      const others = three.filter((each) => each !== node);
      const expected = [node, ...others].map(({ name }) => `${name} alive`).join(", ");
      await until(async () => (await node.states()) === expected, `${node.name} knows all`, node);
      const whispers = others.map(({ whisper }) => whisper).sort();
      await until(
        async () => `${await node.linked()}` === `${whispers}`,
        `${node.name} is linked with all`,
        node,
      );
    }

    await b.prompt("broadcast add motd hello to all");
    await b.prompt("chat join");
    const d = daemon(net, "dave", 4, seeds);
    const motd = async () => (await d.prompt("show broadcasts")).includes("motd hello to all bob");
    await until(motd, "the late joiner has the broadcast", d);
    await until(async () => (await d.prompt("show chat")).includes(`bob  ${b.whisper}`), "and the chat", d);
    await until(async () => (await d.linked()).length === 3, "and is linked with all", d);
    await d.prompt("say hello from dave");
    const heard = async () => (await a.prompt("show messages")).includes("hello from dave");
    await until(heard, "what it says is heard", a);

    await c.end("SIGKILL");
    const failed = async () => /carol +\S+ failed .* \S/.test(await a.prompt("show members"));
    await until(failed, "who was killed has failed", a);
    const carol = (await (await a.client()).membership.listMembers({})).members.find(
      ({ name }) => name === "carol",
    );
    assert.notEqual(carol!.reason, "");
    await d.end("SIGTERM");
    await until(async () => (await b.states()).includes("dave left"), "who was stopped has left", b);
    assert.match(await b.prompt("show log search dave"), /dave \(\S+\) has left/);

    // Its peer book remembers where the others are.
    const again = daemon(net, "carol", 3, [key]);
    await until(async () => (await again.states()).includes("alice alive, bob alive"), "it is back", again);
    await until(async () => (await a.states()).includes("carol alive"), "and known to be", a);
    await until(async () => (await again.linked()).length === 2, "and linked", again);
    assert.match(await again.prompt("show broadcasts"), /motd hello to all bob/);
    for (const file of ["identity.key"]) {
      assert.equal(statSync(join(folder, `${net}`, "carol", file)).mode & 0o077, 0, file);
    }
    await Promise.all([a, b, again].map((node) => node.end("SIGTERM")));
    for (const node of [a, b, again]) assert.equal(node.child.exitCode, 0, node.output);
    const file = readdirSync(recordings).find((name) => name.startsWith("membership"));
    const { header, steps } = parseRecording(readFileSync(join(recordings, file!), "utf8"));
    assert.ok(steps.length > 20);
    assert.equal(replay(coreOf(header), steps), undefined);
  });
}

test("keys that were changed at the prompt are there after a restart, for nobody else to read", async () => {
  const [key, other] = ["AAECAwQFBgcICQoLDA0ODw==", "EBESExQVFhcYGRobHB0eHw=="];
  const settings = ["membership.serf=true", `membership.keys=["${key}"]`];
  const a = daemon(2, "alice", 1, settings);
  await a.client();
  const seeds = [...settings, `peers=["member://${a.member}"]`];
  const b = daemon(2, "bob", 2, seeds);
  await until(async () => (await b.states()) === "bob alive, alice alive", "both know each other", b);
  for (const line of [`keyring install ${other}`, `keyring use ${other}`, `keyring remove ${key}`])
    assert.equal(await a.prompt(line), "done at 2 members\n", line);
  assert.doesNotMatch(await a.prompt("show config"), new RegExp(key));
  await b.end("SIGTERM");
  const again = daemon(2, "bob", 2, seeds);
  await until(async () => (await again.states()) === "bob alive, alice alive", "it decrypts", again);
  assert.match(await a.prompt("keyring list"), new RegExp(`${other} +2 of 2 +2 of 2\n$`));
  assert.equal(statSync(join(folder, "2", "bob", "membership-keys")).mode & 0o077, 0);
});

test("a port that is taken is told in one line, with the remedy", async () => {
  const a = daemon(3, "alice", 1, []);
  await a.client();
  const b = daemon(3, "bob", 1, ["whisper.listen=127.82.3.2:5000"]);
  if (!b.hasEnded) await once(b.child, "exit");
  assert.match(
    b.output,
    /cannot listen on TCP 127\.82\.3\.1:7946: the address is in use.*stop what uses it/s,
  );
  assert.equal(b.child.exitCode, 1);
});
