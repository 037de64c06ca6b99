import { standardRegistry } from "#wire/registry.ts";
import { Query } from "#packet/query/query.ts";
import { explainBpf } from "#packet/bpf/compile.ts";
import { formatInstruction } from "#packet/bpf/format.ts";
import { verifyBpf } from "#packet/bpf/verify.ts";
const registry = standardRegistry();
const first = registry.find("linktype", Number(process.env["LT"] ?? 1))!;
for (const text of process.argv.slice(2)) {
  const query = new Query(registry, text);
  const before = performance.now();
  const { program, notes, doubts, leftOut } = explainBpf(registry, query, first);
  console.log(
    `== ${text}: ${program.length} instructions, ${(performance.now() - before).toFixed(1)} ms`,
    verifyBpf(program),
  );
  if (!process.env["Q"])
    for (const [i, each] of program.entries()) console.log(formatInstruction(each, i).padEnd(60), notes[i]);
  if (!process.env["Q"]) console.log(doubts, leftOut);
}
