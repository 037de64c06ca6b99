import { format } from "prettier";
import { commandReference } from "./commands.ts";
import { completionScripts } from "./completion.ts";
import { configurationJsonSchema, configurationReference } from "./configuration.ts";
import { manualPages } from "./manual.ts";
import { protocolReference } from "./protocols.ts";

/** Every generated file, by its path from the root. */
export async function referenceFiles(): Promise<Readonly<Record<string, string>>> {
  const named = (folder: string, files: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
  return {
    "docs/reference/cli.md": await format(commandReference(), { parser: "markdown", printWidth: 110 }),
    "docs/reference/config.md": await format(configurationReference(), {
      parser: "markdown",
      printWidth: 110,
    }),
    "docs/reference/config.schema.json": await format(configurationJsonSchema(), {
      parser: "json",
      printWidth: 110,
    }),
    "docs/reference/protocols.md": await format(protocolReference(), {
      parser: "markdown",
      printWidth: 110,
    }),
    ...named("docs/man", manualPages()),
    ...named("share", completionScripts()),
  };
}
