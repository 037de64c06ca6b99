import { spawnSync } from "node:child_process";
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { LabRecord } from "#lab/lab-folder.ts";
import { isLeftOut, missingProgram } from "../interop/left-out.ts";
import { ROOT, RunningProgram, until } from "./helpers.ts";

const PARLEY = join(ROOT, "bin/parley");

/** Labs of namespaces with a temporary folder of their own, so that they see no others. */
export class LabBench implements AsyncDisposable {
  readonly folder: string;
  readonly #started: RunningProgram[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<LabBench> {
    const folder = await mkdtemp(join(tmpdir(), "lab-test-"));
    await chmod(folder, 0o711); // FRR's programs give up root
    return new LabBench(folder);
  }

  async write(name: string, text: string): Promise<string> {
    const file = join(this.folder, name);
    await writeFile(file, text);
    return file;
  }

  /** `parley lab up`, in a process group of its own. */
  begin(file: string): RunningProgram {
    const lab = new RunningProgram(PARLEY, ["lab", "up", file], this.#environment, { detached: true });
    this.#started.push(lab);
    return lab;
  }

  /** `parley lab up`, when it has said all. */
  async up(file: string): Promise<RunningProgram> {
    const lab = this.begin(file);
    await until(
      () => /SIGTERM or Ctrl-C ends the lab\.\n$/.test(lab.output) || !lab.running,
      () => `the lab is up\n${lab.output}${lab.errors}`,
      60_000,
    );
    assert(lab.running, lab.errors);
    return lab;
  }

  /** `parley lab …` from another terminal. */
  async lab(...args: readonly string[]): Promise<{ status: unknown; output: string; errors: string }> {
    const program = new RunningProgram(PARLEY, ["lab", ...args], this.#environment);
    const status = await program.ended;
    return { status, output: program.output, errors: program.errors };
  }

  /** Its standard output; it has to succeed. */
  async ask(...args: readonly string[]): Promise<string> {
    const { status, output, errors } = await this.lab(...args);
    assert.deepEqual([status, errors], [0, ""], `lab ${args.join(" ")}: ${output}`);
    return output;
  }

  async status(): Promise<LabStatus> {
    return JSON.parse(await this.ask("status", "--json")) as LabStatus;
  }

  /** Waits until a node's kernel sends packets for an address out of an interface; undefined: until it has no way. */
  async untilVia(node: string, address: string, name: string | undefined, limitMs = 10_000): Promise<void> {
    let found = "";
    await until(
      () => {
        found = this.#routeTo(node, address);
        return name === undefined ? found === "" : found.includes(` dev ${name} `);
      },
      () => `${node} reaches ${address} by ${name ?? "nothing"}: ${found}`,
      limitMs,
    );
  }

  /** "192.0.2.2 via 10.0.12.2 dev to-r2 …"; empty where there is none. Of the only lab, without the program in between. */
  #routeTo(node: string, address: string): string {
    const namespace = `${this.records()[0]!.namespaces}-${node}`;
    const { stdout } = spawnSync("ip", ["-n", namespace, "route", "get", address], { encoding: "utf8" });
    return stdout.split("\n")[0]!;
  }

  /** What the labs of this bench say of themselves. */
  records(): LabRecord[] {
    return readdirSync(this.folder).flatMap((name) => {
      const file = join(this.folder, name, "lab.json");
      return existsSync(file) ? [JSON.parse(readFileSync(file, "utf8")) as LabRecord] : [];
    });
  }

  /** Folders of labs. */
  async folders(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => name.startsWith("parley-lab-"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((lab) => lab[Symbol.asyncDispose]()));
    await this.lab("status"); // removes what is left
    await rm(this.folder, { recursive: true, force: true });
  }

  get #environment(): NodeJS.ProcessEnv {
    return { TMPDIR: this.folder };
  }
}

export interface LabStatus {
  readonly name: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly kind: string;
    readonly state: string;
    readonly reached: number;
    readonly others: number;
  }[];
  readonly links: readonly { readonly name: string; readonly cuts: Readonly<Record<string, string>> }[];
}

/** Network namespaces whose names begin so. */
export function namespacesOf(prefix: string): string[] {
  if (!existsSync("/run/netns")) return [];
  return readdirSync("/run/netns").filter((name) => name.startsWith(prefix));
}

/** A test with namespaces, left out without root or one of the programs. */
export function benchTest(
  name: string,
  programs: readonly string[],
  run: (bench: LabBench) => Promise<void>,
): void {
  test(name, { timeout: 115_000 }, async (context) => {
    const isRoot = process.platform === "linux" && process.getuid?.() === 0;
    const missing = isRoot ? missingProgram(["ip", "ping", ...programs]) : "needs Linux and root";
    if (isLeftOut(context, missing)) return;
    await using bench = await LabBench.make();
    await run(bench);
  });
}

export const FRR = "/usr/lib/frr/ospfd";
export const BIRD = "/usr/sbin/bird";
