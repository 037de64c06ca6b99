import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoreChange, StoreTable } from "#host/store.ts";
import type { Registration } from "#directory/registration.ts";
import { encodeRegistration, keyOf } from "#directory/registration.ts";
import { join, leave, refill, type Outcome } from "#directory/rules.ts";
import { DirectoryTable } from "#directory/table.ts";
import { DirectoryKeeper } from "#services/directory-keeper.ts";

function peer(id: string, timestamp = "5"): Registration {
  const rest = {
    ip: "192.0.2.1",
    port: "1",
    protocol: "tcp",
    status: "0",
    source: "192.0.2.1",
    renews: true,
  };
  return { id, name: id, timestamp, expires: 1e15, ...rest };
}

/** What another server of the same directory does. */
const added = (id: string): StoreChange => ({ key: keyOf(id), value: encodeRegistration(peer(id)) });

/** A store in which others are faster, or which fails, as a test says; each commit is answered by the next of `plan`. */
class PlannedStore implements StoreTable {
  readonly kept = new Map<string, string>();
  readonly commits: number[] = [];
  plan: ((changes: readonly StoreChange[]) => number)[] = [];
  tell: (changes: readonly StoreChange[]) => void = () => {};

  async refresh(): Promise<void> {}

  async commit(changes: readonly StoreChange[]): Promise<number> {
    this.commits.push(changes.length);
    const made = this.plan.shift()?.(changes) ?? changes.length;
    this.keep(changes.slice(0, made));
    return made;
  }

  keep(changes: readonly StoreChange[]): void {
    for (const { key, value } of changes) {
      if (value === undefined) this.kept.delete(key);
      else this.kept.set(key, value);
    }
  }

  /** Another server commits. */
  foreign(...changes: readonly StoreChange[]): void {
    this.keep(changes);
    this.tell(changes);
  }

  async close(): Promise<void> {}
}

function start(maxPeers: number) {
  const store = new PlannedStore();
  const table = new DirectoryTable({ maxPeers, minRefillCandidates: 1 });
  const keeper = new DirectoryKeeper(table, store);
  store.tell = (changes) => keeper.changed(changes);
  const joining = (id: string): Promise<Outcome> => keeper.run((now) => join(now, peer(id)));
  /** The table is what the store has. */
  const agrees = (): void => {
    assert.deepEqual(table.ids.map(keyOf).sort(), [...store.kept.keys()].sort());
  };
  return { store, table, keeper, joining, agrees };
}

test("what waits is decided together, one on top of the other, and committed at once", async () => {
  const { store, table, joining, agrees } = start(3);
  const outcomes = await Promise.all(["a", "b", "c", "d", "a"].map(joining));
  assert.deepEqual(outcomes, ["added", "added", "added", "full", "renewed"]);
  assert.deepEqual([store.commits, table.ids], [[4], ["a", "b", "c"]]);
  agrees();
});

test("when another server took the last place, what was not kept is decided again", async () => {
  const { store, table, joining, agrees } = start(3);
  store.plan = [
    () => {
      store.foreign(added("x"), added("y"));
      return 0;
    },
  ];
  assert.deepEqual(await Promise.all(["a", "b"].map(joining)), ["added", "full"]);
  assert.deepEqual(table.ids, ["a", "x", "y"]);
  agrees();
});

test("what was kept before another server came in between stays answered, the rest is decided again", async () => {
  const { store, table, joining, keeper, agrees } = start(3);
  store.plan = [
    (changes) => {
      store.keep(changes.slice(0, 1));
      store.foreign(added("x"), added("b"));
      return 1;
    },
  ];
  const leaving = keeper.run((now) => leave(now, "nobody", undefined));
  assert.deepEqual(await Promise.all([...["a", "b", "c"].map(joining), leaving]), [
    "added",
    "renewed",
    "full",
    "unchanged",
  ]);
  assert.deepEqual(table.ids, ["a", "b", "x"]);
  assert.equal(store.commits.length, 2);
  agrees();
});

test("a replacement of which only the removal was kept is carried to its end", async () => {
  const { store, table, joining, keeper, agrees } = start(1);
  await joining("young");
  store.plan = [() => 1];
  const outcome = await keeper.run((now) => refill(now, peer("old", "1")));
  assert.deepEqual([outcome, table.ids], ["added", ["old"]]);
  agrees();
});

test("when the store fails nothing has changed, whoever asked is told so, and it goes on", async () => {
  const { store, table, joining, agrees } = start(3);
  await joining("a");
  store.plan = [
    () => {
      throw new Error("the disk is full");
    },
  ];
  const outcomes = await Promise.allSettled(["a", "b"].map(joining));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.deepEqual(table.ids, ["a"]);
  assert.equal(await joining("c"), "added");
  agrees();
});

test("more than a store can take in reasonable time are refused at once", async () => {
  const { joining, keeper } = start(10_000);
  const all = await Promise.allSettled(Array.from({ length: 5_000 }, (_, i) => joining(`p${i}`)));
  assert.equal(all.filter(({ status }) => status === "fulfilled").length, 4_096);
  await keeper.idle();
  assert.equal(keeper.queued, 0);
});
