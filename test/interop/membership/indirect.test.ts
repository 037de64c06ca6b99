import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { ip, namespaceTest, type Namespace } from "../namespace.ts";
import { isLeftOut } from "../left-out.ts";
import { missingForGo, Site, until } from "./nodes.ts";

const MEMBER = fileURLToPath(new URL("member-process.ts", import.meta.url));
const [PROBER, HELPER, TARGET] = ["10.85.0.1", "10.85.0.2", "10.85.0.3"] as const;

type Kind = "parley" | "memberlist";
interface Told {
  readonly ev: string;
  readonly name?: string;
  readonly counters?: Readonly<Record<string, number>>;
}

const missing = missingForGo();
let site: Site;
before(() => {
  if (missing === undefined) site = new Site();
});
after(async () => await site?.end());

/** A member of either kind, inside a namespace. */
class Inside {
  readonly told: Told[] = [];
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;

  constructor(namespace: Namespace, kind: Kind, name: string, host: string) {
    const command =
      kind === "parley"
        ? [process.execPath, "--disable-warning=ExperimentalWarning", MEMBER, `${name}=${host}`]
        : [site.program, "-name", name, "-bind", host];
    const args = ["netns", "exec", namespace.name, ...command];
    this.#process = spawn("ip", args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#exited = new Promise((resolve) => this.#process.once("exit", () => resolve()));
    createInterface({ input: this.#process.stdout! }).on("line", (line) =>
      this.told.push(JSON.parse(line) as Told),
    );
  }

  say(line: string): void {
    this.#process.stdin!.write(`${line}\n`);
  }

  async saw(ev: string, name?: string, limitMs?: number): Promise<Told> {
    const isIt = (each: Told): boolean => each.ev === ev && (name === undefined || each.name === name);
    return await until(`${ev} ${name ?? ""}`, () => this.told.find(isIt), limitMs);
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }
}

/**
 * No packet between the two, and no stream to either: what is left is the way through the helper. Packets leave into the
 * void, since a sender that is refused one does not count it as a probe.
 */
function block({ name }: Namespace): void {
  ip("-n", name, "link", "add", "void", "type", "veth", "peer", "name", "nobody");
  ip("-n", name, "link", "set", "nobody", "up");
  ip("-n", name, "link", "set", "void", "up", "arp", "off");
  ip("-n", name, "route", "add", "default", "dev", "void", "table", "7");
  const rule = (...args: readonly string[]): string => ip("-n", name, "rule", ...args);
  rule("add", "pref", "10", "lookup", "local");
  rule("add", "pref", "5", "from", PROBER, "to", TARGET, "lookup", "7");
  rule("add", "pref", "6", "from", TARGET, "to", PROBER, "lookup", "7");
  for (const host of [PROBER, TARGET]) rule("add", "pref", "7", "to", host, "ipproto", "tcp", "lookup", "7");
  rule("del", "pref", "0");
}

function indirectTest(prober: Kind, helper: Kind, target: Kind): void {
  const name = `with HashiCorp's memberlist: ${prober} probes ${target} through ${helper} alone`;
  namespaceTest(name, [], async (namespace, context: TestContext) => {
    if (isLeftOut(context, missing)) return;
    for (const host of [PROBER, HELPER, TARGET])
      ip("-n", namespace.name, "addr", "add", `${host}/32`, "dev", "lo");
    const first = new Inside(namespace, helper, "helper", HELPER);
    await first.saw("up");
    const others = [
      new Inside(namespace, prober, "prober", PROBER),
      new Inside(namespace, target, "target", TARGET),
    ] as const;
    try {
      for (const each of others) {
        await each.saw("up");
        each.say(`join ${HELPER}:7946`);
      }
      await others[0].saw("join", "target");
      await others[1].saw("join", "prober");
      block(namespace);
      // Longer than it takes until one is lost whom nobody hears: a probe of 2 s, and 4 s of suspicion.
      await pause(9_000);
      for (const { told } of [first, ...others]) assert.ok(!told.some(({ ev }) => ev === "leave"));
      if (prober === "parley") await counted(others[0], "probes by other ways");
      if (helper === "parley") await counted(first, "probes for others");
      // What is blocked is blocked: without the helper the target is lost.
      await first.kill();
      await others[0].saw("leave", "target", 60_000);
    } finally {
      for (const each of [first, ...others]) await each.kill();
    }
  });
}

async function counted(member: Inside, counter: string): Promise<void> {
  member.say("counters");
  const { counters } = await member.saw("counters");
  assert.ok((counters![counter] ?? 0) > 1, `${counter}: ${JSON.stringify(counters)}`);
}

indirectTest("parley", "memberlist", "memberlist");
indirectTest("parley", "memberlist", "parley");
indirectTest("memberlist", "parley", "memberlist");
indirectTest("memberlist", "parley", "parley");
