import { FakeTerminal } from "#cli/testing/fake-terminal.ts";
import { renderAnswer } from "#prompt/render.ts";
import { tableAnswer } from "#prompt/answer.ts";
import { event } from "#prompt/testing/fake-client.ts";
import { loadWidth } from "#cli/load-width.ts";
import { median, quantile } from "./median.ts";

/** A table of 5,000 rows, and the echo of a key while 1,000 events a second are shown above the line. */
export async function run(): Promise<void> {
  for (const [what, cell] of [
    ["ASCII", "192.0.2.7"],
    ["other text", "grüße 👋"],
  ] as const) {
    const times: number[] = [];
    for (let round = 0; round < 7; round++) times.push(await table(cell));
    print(`5,000 rows of 6 columns, ${what}: median ${median(times).toFixed(0)} ms of 7 (bar 300)`);
  }
  for (const rate of [0, 1_000]) {
    const times = await echo(rate);
    const [p50, p99] = [quantile(times, 0.5).toFixed(2), quantile(times, 0.99).toFixed(2)];
    print(
      `echo of a key, ${rate} events/s above the line: p50 ${p50} ms, p99 ${p99} ms of ${times.length} (bar 10)`,
    );
  }
}

async function table(cell: string): Promise<number> {
  const rows = Array.from({ length: 5_000 }, (_, i) => [cell, String(i), cell, "linked", "1h 2m", cell]);
  const began = performance.now();
  const text = await renderAnswer(
    tableAnswer(null, { columns: ["A", "B", "C", "D", "E", "F"], rows }),
    [],
    loadWidth,
  );
  const took = performance.now() - began;
  if (text.split("\n").length !== 5_003) throw new Error("rows are missing");
  return took;
}

/** ms from each of 300 keys, typed 10 ms apart, until the screen shows it. */
async function echo(eventsPerSecond: number): Promise<number[]> {
  process.env["TERM"] = "xterm";
  const terminal = new FakeTerminal({}, 80);
  await terminal.until(({ line }) => line === "bob#");
  terminal.type("terminal monitor\r");
  await terminal.until(({ text }) => text.endsWith("terminal monitor\nbob#"));
  let serial = 0;
  const storm = setInterval(() => {
    for (let i = 0; i < eventsPerSecond / 200; i++)
      terminal.node.push({ case: "event", value: event(`e${serial++}`) });
  }, 5);
  const times: number[] = [];
  let typed = "bob# say ";
  terminal.type("say ");
  for (let i = 0; i < 300; i++) {
    const key = String.fromCharCode(97 + (i % 26));
    // The line stays shorter than the row.
    if (i % 40 === 39) {
      terminal.type("\u0015say ");
      typed = "bob# say ";
      await terminal.line(typed);
    }
    typed += key;
    const began = performance.now();
    terminal.type(key);
    await terminal.line(typed);
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  clearInterval(storm);
  terminal.type("\u0003\u0004");
  await terminal.ended;
  return times;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
