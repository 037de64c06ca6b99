import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseRecording, Recorder, replay } from "#machine/record.ts";
import { Bench } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";
import { wholeLsa } from "#ospf/testing/whole-lsas.ts";
import { systemCipher } from "#system/cipher.ts";
import { coreOf, type OspfSetup } from "../../tools/replay-cores.ts";
import { OspfNetwork, type Leg } from "./ospf-network.ts";

const TOOL = fileURLToPath(new URL("../../tools/replay.ts", import.meta.url));

/** Records as the daemon does. */
function recorder(setup: OspfSetup, lines: string[]): Recorder {
  return new Recorder({ recording: 1, core: "ospf", setup }, (line) => lines.push(line));
}

/** What three routers did on a network that loses packets, cut and healed; the recording of the first. */
async function recorded(seed: number): Promise<string> {
  const network = new OspfNetwork({ seed, loss: 0.05, reorder: 0.05 });
  const lines: string[] = [];
  const leg = (at: number): Leg => ({
    name: "eth1",
    wire: "lan",
    address: `10.0.0.${at}/24`,
    config: { type: "broadcast", cost: at },
  });
  const [first] = [1, 2, 3].map((at) =>
    network.add({
      routerId: `192.0.2.${at}`,
      legs: [leg(at)],
      ...(at === 1 && { record: (setup) => recorder(setup, lines) }),
    }),
  );
  await network.run(10_000);
  const external = { length: 24, metric: 7, isType2: true, tag: 9, forwardingAddress: 0 };
  first!.push({ type: "externals", set: [{ network: 0xc612_0000, ...external }], removed: [] });
  first!.setCarrier("eth1", false);
  await network.run(2_000);
  first!.setCarrier("eth1", true);
  await network.run(20_000);
  first!.push({ type: "leave" });
  return `${lines.join("\n")}\n`;
}

test("a router that was recorded says the same when it is replayed", async () => {
  const { header, steps } = parseRecording(await recorded(1));
  assert.ok(steps.length > 100);
  assert.ok(steps.some(({ outputs }) => JSON.stringify(outputs).includes('"routes"')));
  assert.equal(replay(coreOf(header), steps), undefined);
  const other = { ...header, setup: { ...(header.setup as OspfSetup), authenticationSequence: 1 } };
  assert.equal(replay(coreOf(other), steps), undefined, "without authentication its sequence is nowhere");
  const changed = { ...header, setup: { ...(header.setup as OspfSetup), random: "another" } };
  assert.notEqual(replay(coreOf(changed), steps), undefined);
});

test("a router that signs what it sends signs the same when it is replayed", () => {
  const keys = [{ id: 3, algorithm: "sha256", secret: "k3y" }] as const;
  const lines: string[] = [];
  const bench = new Bench({
    interfaces: {
      eth0: { address: "10.0.0.1/24", config: { authentication: { type: "cryptographic", keys } } },
    },
    cipher: systemCipher,
    observe: (setup) => {
      const recording = recorder(setup, lines);
      return (at, input, outputs) => recording.step(at, input, outputs);
    },
  });
  const peer = new Peer(bench, { on: "eth0", routerId: "192.0.2.2", address: "10.0.0.2" });
  peer.becomeFull(wholeLsa());
  bench.advance(3_000);
  const { header, steps } = parseRecording(`${lines.join("\n")}\n`);
  assert.ok(steps.length > 5);
  assert.equal(replay(coreOf(header), steps), undefined);
  const other = { ...header, setup: { ...(header.setup as OspfSetup), authenticationSequence: 1 } };
  assert.notEqual(replay(coreOf(other), steps), undefined);
});

test("npm run replay takes recordings of ospf, and shows where a changed one differs", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-replay-"));
  try {
    const file = join(folder, "ospf.jsonl");
    const text = await recorded(2);
    writeFileSync(file, text);
    const said = execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", TOOL, file]);
    assert.match(said.toString(), /^replayed \d+ steps of ospf: identical\n$/);
    writeFileSync(file, text.replace('"to":"Full"', '"to":"Fool"'));
    const { status, stdout } = spawnSync(process.execPath, [TOOL, file], { encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stdout, /^line \d+, at [\d.]+ ms: .*\nrecorded .*Fool.*\nreplayed .*Full/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
