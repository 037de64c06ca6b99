import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as timeout } from "node:timers/promises";
import { temporaryFolder } from "#config/temporary-folder.test.ts";
import { watchConfiguration } from "#config/watch.ts";

/** A watch whose calls can be waited for; ends with its test. */
class Watch {
  calls = 0;
  #next = Promise.withResolvers<void>();
  readonly #end: AbortSignal;

  constructor(context: TestContext, watched: readonly string[], signal: AbortSignal = context.signal) {
    this.#end = context.signal;
    watchConfiguration(
      watched,
      () => {
        this.calls++;
        this.#next.resolve();
        this.#next = Promise.withResolvers<void>();
      },
      AbortSignal.any([signal, context.signal]),
    );
  }

  /**
   * The next call after `change`; fails when none comes. Changes are synchronous, so that no watch of this
   * process can look between the parts of one, however slow the machine is.
   */
  async after(change: () => void): Promise<void> {
    const called = this.#next.promise;
    change();
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#end]);
    const late = timeout(WAIT_MS, undefined, { signal }).then(() => assert.fail("no change was noticed"));
    await Promise.race([called, late]);
    stop.abort();
    await late.catch(() => undefined);
  }
}

const WAIT_MS = 10_000;

test("A file that is edited in place, replaced, removed and created again is a change each time.", async (context) => {
  await using folder = await temporaryFolder({ "default.yaml": "a: 1", "bob.yaml": "" });
  const [file, other] = [join(folder.path, "default.yaml"), join(folder.path, "new")];
  const watch = new Watch(context, [file, join(folder.path, "bob.yaml")]);
  await watch.after(() => appendFileSync(file, "\nb: 2"));
  await watch.after(() => {
    writeFileSync(other, "a: 3");
    renameSync(other, file);
  });
  await watch.after(() => writeFileSync(file, "a: 4"));
  await watch.after(() => rmSync(file));
  await watch.after(() => writeFileSync(file, "a: 5"));
  assert.equal(watch.calls, 5);
});

test("Many writes at once are one change.", async (context) => {
  await using folder = await temporaryFolder({ "a.yaml": "", "b.yaml": "" });
  const watch = new Watch(context, [join(folder.path, "a.yaml")]);
  const other = new Watch(context, [join(folder.path, "b.yaml")]);
  await watch.after(() => {
    for (let i = 0; i < 20; i++) appendFileSync(join(folder.path, "a.yaml"), `a${i}: 1\n`);
  });
  await other.after(() => writeFileSync(join(folder.path, "b.yaml"), "b"));
  assert.equal(watch.calls, 1);
});

test("Reading, touching, writing the same again and other files are no change.", async (context) => {
  await using folder = await temporaryFolder({ "a.yaml": "a", "b.yaml": "b" });
  const [a, b] = [join(folder.path, "a.yaml"), join(folder.path, "b.yaml")];
  const [watchA, watchB] = [new Watch(context, [a]), new Watch(context, [b])];
  // Both watches see the events of the folder; when B has made up its mind, A has too.
  await watchB.after(() => {
    readFileSync(a);
    utimesSync(a, 1, 1);
    writeFileSync(a, "a");
    writeFileSync(join(folder.path, "c.yaml"), "c");
    writeFileSync(b, "bb");
  });
  await watchA.after(() => writeFileSync(a, "aa"));
  await watchB.after(() => writeFileSync(b, "bbb"));
  assert.deepEqual([watchA.calls, watchB.calls], [1, 2]);
});

test("A file that does not exist yet is noticed, also when its folder does not.", async (context) => {
  await using folder = await temporaryFolder({});
  const watch = new Watch(context, [join(folder.path, "bob.yaml"), join(folder.path, "deep/er/carol.toml")]);
  await watch.after(() => writeFileSync(join(folder.path, "bob.yaml"), ""));
  await watch.after(() => {
    mkdirSync(join(folder.path, "deep/er"), { recursive: true });
    writeFileSync(join(folder.path, "deep/er/carol.toml"), "");
  });
  await watch.after(() => writeFileSync(join(folder.path, "deep/er/carol.toml"), "a = 1"));
});

test("Of a watched folder, configuration files count.", async (context) => {
  await using folder = await temporaryFolder({ "conf/a.yaml": "", "other.yaml": "" });
  const watch = new Watch(context, [join(folder.path, "conf")]);
  await watch.after(() => writeFileSync(join(folder.path, "conf/b.toml"), "b = 1"));
  const other = new Watch(context, [join(folder.path, "conf/readme.md")]);
  await other.after(() => writeFileSync(join(folder.path, "conf/readme.md"), "hello"));
  assert.equal(watch.calls, 1);
  await watch.after(() => rmSync(join(folder.path, "conf/a.yaml")));
});

test("A file behind a symbolic link is watched where it is, and the link too.", async (context) => {
  await using folder = await temporaryFolder({ "real/one.yaml": "1", "real/two.yaml": "2", "conf/x": "" });
  const link = join(folder.path, "conf/default.yaml");
  symlinkSync("../real/one.yaml", link);
  const watch = new Watch(context, [link]);
  await watch.after(() => writeFileSync(join(folder.path, "real/one.yaml"), "11"));
  await watch.after(() => {
    symlinkSync("../real/two.yaml", `${link}.new`);
    renameSync(`${link}.new`, link);
  });
  await watch.after(() => writeFileSync(join(folder.path, "real/two.yaml"), "22"));
});

test("A folder that is replaced by another is watched on.", async (context) => {
  await using folder = await temporaryFolder({ "conf/a.yaml": "1", "next/a.yaml": "2" });
  const watch = new Watch(context, [join(folder.path, "conf/a.yaml")]);
  await watch.after(() => {
    renameSync(join(folder.path, "conf"), join(folder.path, "old"));
    renameSync(join(folder.path, "next"), join(folder.path, "conf"));
  });
  await watch.after(() => writeFileSync(join(folder.path, "conf/a.yaml"), "3"));
});

test("Nothing is called after the end, and nothing watched is nothing done.", async (context) => {
  await using folder = await temporaryFolder({ "a.yaml": "" });
  const file = join(folder.path, "a.yaml");
  const end = new AbortController();
  const ended = new Watch(context, [file], end.signal);
  const watch = new Watch(context, [file]);
  const never = new Watch(context, []);
  const late = new Watch(context, [file], AbortSignal.abort());
  await ended.after(() => writeFileSync(file, "1"));
  end.abort();
  await watch.after(() => writeFileSync(file, "2"));
  assert.deepEqual([ended.calls, never.calls, late.calls], [1, 0, 0]);
});

test("What cannot be watched does not throw.", (context) => {
  new Watch(context, ["/nonexistent/folder/file.yaml", "relative.yaml", "a\0b", "/dev/null", ""]);
});
