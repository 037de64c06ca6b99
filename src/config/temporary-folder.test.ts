import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtempDisposable, writeFile, type DisposableTempDir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

/** A folder with these files (by relative path), gone at the end of `await using`. */
export async function temporaryFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<DisposableTempDir> {
  const folder = await mkdtempDisposable(join(tmpdir(), "parley-config-"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), content);
  }
  return folder;
}

test("A temporary folder is gone after its test.", async () => {
  let path: string;
  {
    await using folder = await temporaryFolder({ "deep/a.txt": "a" });
    path = folder.path;
    assert(existsSync(join(path, "deep/a.txt")));
  }
  assert(!existsSync(path));
});
