import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { failed, ok, type Finding } from "#doctor/finding.ts";

/** The parts of a node's configuration that can be looked at from outside. */
export interface ParleydConfiguration {
  readonly node?: { readonly data?: string };
  readonly api?: { readonly socket?: string; readonly listen?: string };
  readonly peers?: readonly string[];
  readonly whisper?: { readonly listen?: string };
}

/** Asks parleyd itself what it would run with: it starts at all, and nobody else reads configurations as it does. */
export async function readConfiguration(
  args: readonly string[],
): Promise<{ readonly findings: readonly Finding[]; readonly configuration: ParleydConfiguration }> {
  try {
    const { stdout } = await promisify(execFile)(PARLEYD, ["--print-config", ...args], { timeout: LIMIT_MS });
    // parleyd has checked every key and type.
    const configuration = (parse(stdout) ?? {}) as ParleydConfiguration;
    const sections = Object.keys(configuration);
    const detail = sections.length === 0 ? "nothing is configured" : `good: ${sections.join(", ")}`;
    return { findings: [ok("configuration", detail)], configuration };
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    const lines = said.split("\n").map((line) => line.replace(/^parleyd: /, ""));
    const findings = lines.map((line) => {
      const [detail, ...remedy] = line.split("; ");
      return failed("configuration", detail!, remedy.join("; ") || "mend it; parleyd --check repeats this");
    });
    return { findings, configuration: {} };
  }
}

const PARLEYD = fileURLToPath(new URL("../../bin/parleyd", import.meta.url));
const LIMIT_MS = 10_000;
