import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { ended } from "#lab/peers.ts";
import { runningLabs, writeRecord, type LabRecord } from "#lab/lab-folder.ts";
import { endProcesses, identify, isRunning } from "#lab/processes.ts";

const onLinux = process.platform === "linux";

suite("A process is known by its number and its start", () => {
  test("so that whoever has the number of one that ended is left alone.", async () => {
    const child = spawn("sleep", ["100"]);
    await once(child, "spawn");
    const identity = identify(child.pid!)!;
    if (onLinux) {
      const before = { ...identity, startTime: identity.startTime - 1 };
      assert.equal(isRunning(before), false);
      await endProcesses([before], "SIGKILL", 1_000);
      assert.equal(isRunning(identity), true);
    }
    await endProcesses([identity], "SIGTERM", 5_000);
    await ended(child);
    assert.deepEqual([child.signalCode, isRunning(identity)], ["SIGTERM", false]);
  });

  test("and one that does not end in order is ended by force.", async () => {
    const child = spawn("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]);
    await once(child.stdout, "data");
    await endProcesses([identify(child.pid!)!], "SIGTERM", 50);
    await ended(child);
    assert.equal(child.signalCode, "SIGKILL");
  });
});

suite("The folders of labs", () => {
  test("tell which run: not one whose keeper's number has passed to another process.", async () => {
    await inTemporaryFolder(async (folder) => {
      const own = identify(process.pid)!;
      await makeLab(folder, "abcdef", { name: "running", keeper: own });
      await makeLab(folder, "ghijkl", { name: "killed", keeper: { ...own, startTime: own.startTime + 1 } });
      await mkdir(join(folder, "parley-lab-mnopqr")); // just being made
      const labs = await runningLabs();
      assert.deepEqual(
        labs.map(({ name }) => name),
        ["running"],
      );
      assert.deepEqual((await readdir(folder)).sort(), ["parley-lab-abcdef", "parley-lab-mnopqr"]);
    });
  });

  test("that others may write to are not believed.", async () => {
    await inTemporaryFolder(async (folder) => {
      await makeLab(folder, "abcdef", { name: "planted", keeper: identify(process.pid)! });
      await chmod(join(folder, "parley-lab-abcdef"), 0o777);
      assert.deepEqual(await runningLabs(), []);
    });
  });
});

async function makeLab(
  folder: string,
  id: string,
  record: Pick<LabRecord, "name" | "keeper">,
): Promise<void> {
  const place = join(folder, `parley-lab-${id}`);
  await mkdir(place, { mode: 0o700 });
  await writeRecord(place, { ...record, namespaces: `pl${id}`, nodes: [] });
}

async function inTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const before = process.env["TMPDIR"];
  const folder = await mkdtemp(join(tmpdir(), "lab-test-"));
  process.env["TMPDIR"] = folder;
  try {
    await work(folder);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    await rm(folder, { recursive: true, force: true });
  }
}
