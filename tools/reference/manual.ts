import { USAGE } from "#cli/usage.ts";
import { DAEMON_USAGE } from "#daemon/options.ts";
import { allCommands, meaningOf, textOf } from "./commands.ts";

/** parley.1 and parleyd.8 in the man macros. */
export function manualPages(): Readonly<Record<string, string>> {
  const commands = allCommands().flatMap((command) => [
    ".TP",
    `.B ${escaped(textOf(command))}`,
    escaped(meaningOf(command)),
  ]);
  return {
    "parley.1": page("PARLEY", 1, "the prompt of a Parley node", [
      ...section("USAGE", USAGE),
      ".SH COMMANDS OF THE PROMPT",
      ...commands,
      ".SH SEE ALSO",
      ".BR parleyd (8)",
    ]),
    "parleyd.8": page("PARLEYD", 8, "a network node in one process", [
      ...section("USAGE", DAEMON_USAGE),
      ".SH SEE ALSO",
      ".BR parley (1)",
    ]),
  };
}

function page(name: string, number: number, what: string, body: readonly string[]): string {
  const head = [`.TH ${name} ${number}`, ".SH NAME", `${name.toLowerCase()} \\- ${what}`];
  return [...head, ...body, ""].join("\n");
}

function section(name: string, text: string): string[] {
  return [`.SH ${name}`, ".nf", ...text.trimEnd().split("\n").map(escaped), ".fi"];
}

/** Backslashes and dashes as they are, and no line that begins as a request does. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/, "\\&$1");
}
