// `npm run reference`: writes what is made from the command tree and the configuration schema. A test holds it current.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { referenceFiles } from "./files.ts";

for (const [path, text] of Object.entries(await referenceFiles())) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
