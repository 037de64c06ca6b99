import type { BpfInstruction } from "#base/bpf.ts";
import type { NotedInstruction } from "#packet/bpf/emit.ts";
import type { Formula } from "#packet/bpf/formula.ts";
import * as op from "#packet/bpf/opcodes.ts";
import type { TestTable } from "#packet/bpf/tests.ts";

/** The parts of a formula of which one has to hold, those that ask for the same fields together; or all of it. */
export function partsOf({ tests, formulas }: TestTable, formula: Formula): readonly Formula[] {
  if (formula.type !== "or") return [formula];
  const groups = new Map<string, Formula[]>();
  for (const part of formula.parts) {
    const names = new Set([...part.tests].map((each) => tests[each]!.field.name));
    const key = [...names].sort().join();
    const group = groups.get(key);
    if (group) group.push(part);
    else groups.set(key, [part]);
  }
  return [...groups.values()].map((parts) => formulas.or(parts));
}

/**
 * Less than the parts ask, with the tests of one field in each: the one of which most values are asked for, which most
 * likely tells packets apart. The others count as fulfilled.
 */
export function withOneField({ tests, formulas }: TestTable, parts: readonly Formula[]): Formula {
  return formulas.or(
    parts.map((part) => {
      const counts = new Map<string, number>();
      for (const each of part.tests) {
        const { type, name } = tests[each]!.field;
        if (type !== "protocol") counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      const [most] = [...counts].sort(([, a], [, b]) => b - a);
      const others = [...part.tests].filter((each) => most && tests[each]!.field.name !== most[0]);
      return formulas.assign(part, new Map(others.map((each) => [each, "maybe"])));
    }),
  );
}

/** One program of several: where one would reject, the next begins. */
export function inSequence(programs: readonly (readonly NotedInstruction[])[]): NotedInstruction[] {
  return programs.flatMap((program, i) => {
    const isLast = i === programs.length - 1;
    return program.map((each, at) =>
      isLast || !isReject(each.instruction)
        ? each
        : { instruction: op.instruction(op.JMP | op.JA, program.length - at - 1), note: "go on" },
    );
  });
}

function isReject({ code, k }: BpfInstruction): boolean {
  return code === op.RET && k === 0;
}
