import { test, type TestContext } from "node:test";
import { isLeftOut, missingProgram } from "../left-out.ts";
import { SerfSite } from "./serf-nodes.ts";

const missing = missingProgram(["serf"]);

/** A test with Debian's serf on addresses of its own; all that it starts is stopped. */
export function serfTest(name: string, run: (site: SerfSite, context: TestContext) => Promise<void>): void {
  test(`with HashiCorp's Serf: ${name}`, { timeout: 170_000 }, async (context) => {
    if (isLeftOut(context, missing)) return;
    const site = new SerfSite();
    try {
      await run(site, context);
    } finally {
      await site.end();
    }
  });
}

export const KEY = "000102030405060708090a0b0c0d0e0f";
export const BASE64_KEY = Buffer.from(KEY, "hex").toString("base64");
export const NOTHING = new Uint8Array(0);
