import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { MemberDaemon, until } from "../../daemon/member-daemon.ts";
import { isLeftOut, missingProgram } from "../left-out.ts";
import { missingForGo, Site } from "./nodes.ts";
import { SerfAgent } from "./serf-nodes.ts";

// A whole parleyd beside agents in Go, as an operator sees it.

interface Place {
  readonly folder: string;
  /** Ends with the test. */
  keep<T extends { stop(): Promise<unknown> }>(started: T): T;
}

function interopTest(name: string, missing: string | undefined, run: (place: Place) => Promise<void>): void {
  test(name, { timeout: 110_000 }, async (context: TestContext) => {
    if (isLeftOut(context, missing)) return;
    const folder = mkdtempSync(join(tmpdir(), "parley-member-interop-"));
    const all: { stop(): Promise<unknown> }[] = [];
    const keep: Place["keep"] = (started) => {
      all.push(started);
      return started;
    };
    try {
      await run({ folder, keep });
    } finally {
      for (const each of all.reverse()) await each.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function daemon(
  { folder, keep }: Place,
  name: string,
  host: string,
  settings: readonly string[],
): MemberDaemon {
  const started = new MemberDaemon(folder, name, host, settings);
  keep({ stop: () => started.end("SIGTERM") });
  return started;
}

async function shows(node: MemberDaemon, line: string, expected: RegExp): Promise<void> {
  let last = "";
  await until(
    async () => expected.test((last = await node.prompt(line))),
    `${node.name} shows ${expected}`,
    node,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${last}`);
  });
}

interopTest(
  "a daemon with HashiCorp's memberlist: members, broadcasts, leave",
  missingForGo(),
  async (place) => {
    const site = new Site();
    place.keep({ stop: () => site.end() });
    const go = await site.agent("go", "127.82.20.1", "-meta", "in Go", "-profile", "local");
    const ours = daemon(place, "ours", "127.82.20.2", [`peers=["member://${go.address}"]`]);
    await go.saw({ ev: "join", name: "ours" });
    await shows(ours, "show members detail", /^go$[^]*Metadata +in Go/m);
    go.say('broadcast d[{"Action":"add","Data":{"motd":"from Go"}}]');
    await shows(ours, "show broadcasts", /motd from Go -\n/);
    await ours.prompt("broadcast add reply from Parley");
    const message = 'd[{"Action":"add","Data":{"reply":"from Parley"},"Version":1,"By":"ours"}]';
    await go.saw({ ev: "user", msg: message });
    const other = daemon(place, "other", "127.82.20.3", [`peers=["member://${go.address}"]`]);
    await shows(other, "show broadcasts", /motd +from Go +-\nreply +from Parley +ours\n/);
    go.say("broadcast hello");
    await shows(ours, "show log", /event message from 127\.82\.20\.1:7946: hello/);
    await ours.prompt("leave");
    await go.saw({ ev: "leave", name: "ours" });
  },
);

interopTest(
  "a daemon with Serf: members, events, queries, keys, leave",
  missingProgram(["serf"]),
  async (place) => {
    const key = "AAECAwQFBgcICQoLDA0ODw==";
    const serf = place.keep(
      new SerfAgent(place.folder, "serf", "127.82.21.1", [
        "-profile=local",
        `-encrypt=${key}`,
        "-tag=role=db",
      ]),
    );
    await serf.up();
    const ours = daemon(place, "ours", "127.82.21.2", [
      ...["membership.serf=true", "membership.tags={role: web}", "membership.answers={motto: fewer words}"],
      ...[`membership.keys=["${key}"]`, `peers=["member://${serf.address}"]`],
    ]);
    await serf.knows("ours", ({ status, tags }) => status === "alive" && tags["role"] === "web");
    await shows(ours, "show members detail", /^serf$[^]*Tags +role=db/m);
    await ours.prompt('event deploy "v2 now"');
    await serf.hears(/^deploy \d+ v2 now$/);
    await serf.run("event", "restart", "all of it");
    await shows(ours, "show log", /event restart: all of it/);
    assert.match(await ours.prompt("query load now"), /^serf: load of serf: now\n/);
    assert.match(await serf.run("query", "motto"), /Response from 'ours': fewer words/);
    assert.match(await ours.prompt("keyring install EBESExQVFhcYGRobHB0eHw=="), /^done at 2 members\n/);
    assert.match(await serf.run("keys", "-list"), /EBESExQVFhcYGRobHB0eHw== +\[2\/2\]/);
    await ours.prompt("broadcast add motd hello");
    assert.match(await ours.prompt("show broadcasts"), /motd hello ours/);
    await ours.prompt("leave");
    await serf.knowsStatus("ours", "left");
  },
);
