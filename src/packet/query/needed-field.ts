import type { QueryField } from "#packet/query-field.ts";
import type { Operand, Test } from "#packet/query/checked.ts";

/** A field without which the test cannot hold. */
export function neededField(test: Test): QueryField | undefined {
  const find = (operand: Operand): QueryField | undefined => {
    if (operand.type === "field") return operand.field;
    if (operand.type === "slice") return find(operand.of);
    if (operand.type === "arithmetic") return find(operand.left) ?? find(operand.right);
    return operand.type === "call" && operand.args.length === 1 ? find(operand.args[0]!) : undefined;
  };
  if (test.type !== "compare") return find(test.operand);
  return find(test.left) ?? find(test.right);
}
