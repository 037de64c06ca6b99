import assert from "node:assert/strict";
import { suite } from "node:test";
import { TmuxTerminal } from "../interop/tmux.ts";
import { until } from "./helpers.ts";
import { benchTest, FRR, namespacesOf } from "./network-helpers.ts";

const PAIR = `
timers: { hello-interval: 1 }
nodes: { a: {}, f: { kind: frr }, b: {} }
links: [{ ends: [a, b] }, { ends: [a, f] }]
`;

suite("At the prompt of a lab", () => {
  benchTest(
    "its commands work, other prompts are one word away, and down ends all.",
    ["tmux", FRR, "vtysh"],
    async (bench) => {
      const file = await bench.write("lab.yaml", PAIR);
      const environment = {
        TMPDIR: bench.folder,
        LANG: "C.UTF-8",
        PARLEY_HISTORY: `${bench.folder}/history`,
      };
      const terminal = new TmuxTerminal(`bin/parley lab up ${file}`, 120, 50, environment);
      const enter = async (line: string, wanted: RegExp) => {
        terminal.type(line);
        terminal.press("Enter");
        await terminal.until(wanted);
      };
      try {
        await until(
          () => /^a#/m.test(terminal.screen),
          () => terminal.screen,
          40_000,
        );
        const [record] = bench.records();
        await enter("lab cut a b", /^a-b: cut, the carrier is lost$/m);
        await enter("lab heal a b", /^a-b: connected$/m);
        await enter("lab exec b 'ping' -c 1 10.0.1.1 | grep packets", /^1 packets transmitted, 1 received/m);
        terminal.type("lab exec a sleep 1000");
        terminal.press("Enter");
        await until(
          () => /sleep 1000\n*$/.test(terminal.screen),
          () => terminal.screen,
        );
        terminal.press("C-c");
        await terminal.until(/\^C\na#/);
        await enter("lab attach b", /^this is the prompt of b; exit goes back\nb#/m);
        await enter("lab attach f", /^this is vtysh of f; exit goes back\n/m);
        await enter("show version", /^FRRouting \d/m);
        terminal.press("C-c"); // vtysh's own
        await enter("exit", /exit\nthis is the prompt of b; exit goes back\nb#/);
        await enter("exit", /b# exit\na#/);
        await enter("lab stop f", /^f has stopped$/m);
        await enter("lab down", /^lab-test-[a-z\d-]+ is down$/m);
        await until(
          () => terminal.isDead,
          () => terminal.screen,
        );
        assert.deepEqual(namespacesOf(record!.namespaces), []);
        assert.deepEqual(await bench.folders(), []);
      } finally {
        terminal.close();
      }
    },
  );
});
