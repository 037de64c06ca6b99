import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoreChange, Stores, StoreTable } from "#host/store.ts";

/** Stores of one kind, and where a new one may be. */
export interface StorePlace {
  readonly stores: Stores;
  /** A place where nothing is kept so far. */
  newPlace(): string;
}

/** One process that has a store open, and all that it knows of it. */
class Holder {
  readonly known = new Map<string, string>();
  readonly told: StoreChange[] = [];
  table!: StoreTable;
  /** What is told during a commit is newer than what the commit makes. */
  #meanwhile: StoreChange[] | undefined;

  static async open({ stores }: StorePlace, place: string): Promise<Holder> {
    const holder = new Holder();
    const changed = (changes: readonly StoreChange[]): void => {
      holder.told.push(...changes);
      if (holder.#meanwhile) holder.#meanwhile.push(...changes);
      else holder.take(changes);
    };
    const failed = (error: Error): void => assert.fail(error.message);
    holder.table = await stores.open(place, { changed, failed });
    return holder;
  }

  async commit(...changes: readonly StoreChange[]): Promise<number> {
    this.#meanwhile = [];
    const made = await this.table.commit(changes);
    this.take(changes.slice(0, made));
    this.take(this.#meanwhile);
    this.#meanwhile = undefined;
    return made;
  }

  take(changes: readonly StoreChange[]): void {
    for (const { key, value } of changes) {
      if (value === undefined) this.known.delete(key);
      else this.known.set(key, value);
    }
  }

  get sorted(): [string, string][] {
    return [...this.known].sort();
  }
}

const put = (key: string, value: string): StoreChange => ({ key, value });
const gone = (key: string): StoreChange => ({ key, value: undefined });

/** What every store promises. */
export function storeCases(kind: string, makePlace: () => Promise<StorePlace>): void {
  const promises = (name: string, run: (place: StorePlace) => Promise<void>): void => {
    test(`${name} (${kind})`, { timeout: 60_000 }, async () => run(await makePlace()));
  };

  promises("what was committed is there when it is opened again", async (place) => {
    const at = place.newPlace();
    const first = await Holder.open(place, at);
    assert.deepEqual(first.sorted, []);
    assert.equal(await first.commit(put("a", "1"), put("b", '{"ä":"\\n"}'), put("c", "")), 3);
    assert.equal(await first.commit(put("a", "2"), gone("c"), gone("never-there")), 3);
    assert.deepEqual(first.told, [], "own changes are not told");
    await first.table.close();
    const second = await Holder.open(place, at);
    assert.deepEqual(second.sorted, [
      ["a", "2"],
      ["b", '{"ä":"\\n"}'],
    ]);
    await second.table.close();
  });

  promises("changes of others have been told when refresh resolves", async (place) => {
    const at = place.newPlace();
    const one = await Holder.open(place, at);
    const other = await Holder.open(place, at);
    await one.commit(put("a", "1"), put("b", "1"));
    await other.table.refresh();
    assert.deepEqual(other.sorted, [
      ["a", "1"],
      ["b", "1"],
    ]);
    await other.commit(gone("a"), put("b", "2"));
    await one.table.refresh();
    assert.deepEqual(one.sorted, [["b", "2"]]);
    await one.table.close();
    await other.table.close();
  });

  promises("whoever does not know the last change commits nothing, and then knows it", async (place) => {
    const at = place.newPlace();
    const one = await Holder.open(place, at);
    const other = await Holder.open(place, at);
    await one.table.refresh();
    await other.table.refresh();
    assert.equal(await one.commit(put("room", "one")), 1);
    // Unless the news has come already it is too late; either way `other` knows it after its commit.
    const made = await other.commit(put("room", "other"));
    if (made === 0) assert.deepEqual(other.sorted, [["room", "one"]]);
    else
      assert.ok(
        other.told.some(({ value }) => value === "one"),
        "committed without knowing",
      );
    await one.table.refresh();
    assert.deepEqual(one.sorted, other.sorted);
    await one.table.close();
    await other.table.close();
  });

  promises("counters of several that commit at the same time lose nothing", async (place) => {
    const at = place.newPlace();
    const holders = await Promise.all([1, 2, 3].map(() => Holder.open(place, at)));
    await Promise.all(
      holders.map(async (holder) => {
        for (let i = 0; i < 25;) {
          await holder.table.refresh();
          const next = String(Number(holder.known.get("count") ?? "0") + 1);
          i += await holder.commit(put("count", next));
        }
      }),
    );
    for (const holder of holders) {
      await holder.table.refresh();
      assert.deepEqual(holder.sorted, [["count", "75"]]);
      await holder.table.close();
    }
  });

  promises("a thousand keys are all told at the opening", async (place) => {
    const at = place.newPlace();
    const writer = await Holder.open(place, at);
    const changes = Array.from({ length: 1_000 }, (_, i) => put(`peer-${i}`, `${i}`.repeat(20)));
    assert.equal(await writer.commit(...changes), 1_000);
    assert.equal(await writer.commit(...changes.slice(500).map(({ key }) => gone(key))), 500);
    const reader = await Holder.open(place, at);
    assert.deepEqual(reader.sorted, writer.sorted);
    assert.equal(reader.known.size, 500);
    await writer.table.close();
    await reader.table.close();
  });
}
