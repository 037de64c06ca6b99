import assert from "node:assert/strict";
import { change, Opened, type RoutesPlace } from "./routes-place.ts";

/** What a kernel's routing table promises, and what it does not. */
export const ROUTES_CASES: Readonly<Record<string, (place: RoutesPlace) => Promise<void>>> = {
  "routes of every kind are added, listed, changed and removed": async (place) => {
    const opened = await Opened.open(place);
    const many = Array.from({ length: 16 }, (_, i) => `10.1.0.${i + 2}@va`).join(" ");
    const added = [
      "10.9.0.0/24 10.1.0.2@va",
      "10.9.1.0/24 @vc",
      "10.9.2.0/24 10.1.0.2@va 10.2.0.2@vc",
      "10.9.3.0/24",
      "10.9.4.0/24 192.0.2.9@va!",
      "10.9.5.0/24 192.0.2.9@va! 10.2.0.2@vc",
      `10.9.6.0/24 ${many}`,
      "10.9.7.7/32 10.1.0.2@va",
      "0.0.0.0/0 10.1.0.2@va",
    ];
    assert.deepEqual(await opened.apply(...added.map((text) => change(place, `add ${text}`))), []);
    const shown = added.map((text) => {
      const [prefix, ...hops] = text.split(" ");
      return [prefix, "222/20", hops.length === 0 ? "blackhole" : "unicast", ...hops].join(" ");
    });
    assert.deepEqual(await opened.routes(place), shown.sort());
    const again = [
      change(place, "change 10.9.0.0/24 10.2.0.9@vc"),
      change(place, "change 10.9.2.0/24"),
      change(place, "change 10.9.3.0/24 @va"),
    ];
    assert.deepEqual(await opened.apply(...again), []);
    assert.deepEqual(
      (await opened.routes(place)).filter((text) => /^10\.9\.[023]\./.test(text)),
      [
        "10.9.0.0/24 222/20 unicast 10.2.0.9@vc",
        "10.9.2.0/24 222/20 blackhole",
        "10.9.3.0/24 222/20 unicast @va",
      ],
    );
    const prefixes = added.map((text) => change(place, `remove ${text.split(" ")[0]}`));
    assert.deepEqual(await opened.apply(...prefixes), []);
    assert.deepEqual(await opened.routes(place), []);
    opened.table.close();
  },

  "routes of others are not added over nor removed, but changed when that is asked for": async (place) => {
    const opened = await Opened.open(place);
    place.addRoute("10.9.0.0/24", 20, "10.1.0.7");
    place.addRoute("10.9.1.0/24", 30, "10.1.0.7");
    const failures = await opened.apply(
      change(place, "add 10.9.0.0/24 10.1.0.2@va"),
      change(place, "remove 10.9.0.0/24"),
      change(place, "change 10.9.1.0/24 10.1.0.2@va"),
      change(place, "remove 10.9.1.0/24"),
      change(place, "add 10.9.1.0/24 10.1.0.2@va"),
      change(place, "add 10.9.1.0/24 10.1.0.2@va"),
    );
    assert.deepEqual(failures, [
      "10.9.0.0/24 EEXIST",
      "10.9.0.0/24 ESRCH",
      "10.9.1.0/24 ENOENT",
      "10.9.1.0/24 ESRCH",
      "10.9.1.0/24 EEXIST",
    ]);
    const foreign = ["10.9.0.0/24 188/20 unicast 10.1.0.7@va", "10.9.1.0/24 188/30 unicast 10.1.0.7@va"];
    assert.deepEqual(await opened.routes(place, 188), foreign);
    assert.deepEqual(await opened.routes(place), ["10.9.1.0/24 222/20 unicast 10.1.0.2@va"]);
    assert.deepEqual(await opened.apply(change(place, "change 10.9.0.0/24 10.1.0.2@va")), []);
    assert.deepEqual(await opened.routes(place, 188), foreign.slice(1));
    opened.table.close();
  },

  "what cannot be is refused for its reason, and the rest of many is made": async (place) => {
    const opened = await Opened.open(place);
    place.down("vc");
    const bad = [
      "add 10.9.0.1/24 10.1.0.2@va",
      "add 10.9.1.0/24 192.0.2.9@va",
      "add 10.9.2.0/24 @x4711",
      "add 10.9.3.0/24 @vc",
      "add 10.9.4.0/24 10.2.0.2@vc",
      "add 10.9.5.0/24 192.0.2.9@vc!",
      "add 10.9.6.0/24 10.1.0.2@x4711",
      "add 10.9.7.0/24 192.0.2.9@x4711!",
    ].map((text) => change(place, text));
    const good = Array.from({ length: 600 }, (_, i) =>
      change(place, `add 10.${50 + (i >> 8)}.${i & 255}.0/24 10.1.0.2@va`),
    );
    const mixed = [...bad.slice(0, 3), ...good.slice(0, 300), ...bad.slice(3), ...good.slice(300)];
    assert.deepEqual(await opened.apply(...mixed, bad[0]!), [
      "10.9.0.1/24 EINVAL",
      "10.9.1.0/24 ENETUNREACH",
      "10.9.2.0/24 ENODEV",
      "10.9.3.0/24 ENETDOWN",
      "10.9.4.0/24 ENETUNREACH",
      "10.9.5.0/24 ENETDOWN",
      "10.9.6.0/24 ENETUNREACH",
      "10.9.7.0/24 ENODEV",
      "10.9.0.1/24 EINVAL",
    ]);
    assert.equal((await opened.table.list(222)).length, 600);
    assert.deepEqual(await opened.apply(), []);
    opened.table.close();
  },

  "routes go with an interface that goes down, without a word, and do not return; one with a living leg stays":
    async (place) => {
      const opened = await Opened.open(place);
      const added = [
        "10.9.0.0/24 10.1.0.2@va",
        "10.9.1.0/24 @va",
        "10.9.2.0/24 10.1.0.2@va 10.2.0.2@vc",
        "10.9.3.0/24",
      ];
      assert.deepEqual(await opened.apply(...added.map((text) => change(place, `add ${text}`))), []);
      const left = ["10.9.2.0/24 222/20 unicast 10.1.0.2@va 10.2.0.2@vc", "10.9.3.0/24 222/20 blackhole"];
      place.down("va");
      await place.until(async () => (await opened.routes(place)).length === 2, "the routes go");
      assert.deepEqual(await opened.routes(place), left);
      place.up("va");
      assert.deepEqual(await opened.routes(place), left);
      place.down("vc");
      place.down("va");
      await place.until(
        async () => (await opened.routes(place)).length === 1,
        "the route with two legs goes, too",
      );
      assert.deepEqual(
        opened.news(place).filter((text) => text.includes(" 222/")),
        [],
      );
      opened.table.close();
    },

  "an interface that fails for a moment is told of": async (place) => {
    const opened = await Opened.open(place);
    assert.deepEqual(await opened.apply(change(place, "add 10.9.0.0/24 10.1.0.2@va")), []);
    assert.equal(opened.lost, 0);
    place.down("va");
    place.up("va");
    await place.until(() => opened.lost > 0, "it is told that routes may have gone");
    assert.deepEqual(await opened.routes(place), []);
    opened.table.close();
  },

  "routes go with the last address of their interface, not with another": async (place) => {
    const opened = await Opened.open(place);
    place.addAddress("va", "10.3.0.1/24");
    const added = ["10.9.0.0/24 10.1.0.2@va", "10.9.1.0/24 @va", "10.9.2.0/24 10.3.0.2@va"];
    assert.deepEqual(await opened.apply(...added.map((text) => change(place, `add ${text}`))), []);
    place.removeAddress("va", "10.3.0.1/24");
    assert.equal((await opened.routes(place)).length, 3);
    place.removeAddress("va", "10.1.0.1/24");
    await place.until(async () => (await opened.routes(place)).length === 0, "the routes go");
    await place.until(() => opened.lost > 0, "it is told that routes may have gone");
    place.addAddress("va", "10.1.0.1/24");
    assert.deepEqual(await opened.routes(place), []);
    opened.table.close();
  },

  "an interface that is deleted takes along every route that has a leg there": async (place) => {
    const opened = await Opened.open(place);
    const added = [
      "10.9.0.0/24 10.2.0.2@vc",
      "10.9.1.0/24 10.1.0.2@va 10.2.0.2@vc",
      "10.9.2.0/24 10.1.0.2@va",
    ];
    assert.deepEqual(await opened.apply(...added.map((text) => change(place, `add ${text}`))), []);
    place.removeLink("vc");
    await place.until(async () => (await opened.routes(place)).length === 1, "the routes go");
    assert.deepEqual(await opened.routes(place), ["10.9.2.0/24 222/20 unicast 10.1.0.2@va"]);
    await place.until(() => opened.lost > 0, "it is told that routes may have gone");
    opened.table.close();
  },

  "what others do is told, what is done here is not": async (place) => {
    const [opened, other] = [await Opened.open(place), await Opened.open(place)];
    const elsewhere = await Opened.open(place, { table: 1_000 });
    place.addRoute("10.9.0.0/24", 0, "10.1.0.7");
    place.addRoute("10.9.1.0/24", 0);
    place.removeRoute("10.9.1.0/24", 0);
    await opened.apply(change(place, "add 10.9.2.0/24 10.1.0.2@va"));
    await opened.apply(change(place, "change 10.9.2.0/24 10.1.0.3@va"));
    await opened.apply(change(place, "remove 10.9.2.0/24"));
    await place.until(() => other.told.length >= 6, "all is told");
    const theirs = [
      "+ 10.9.0.0/24 188/0 unicast 10.1.0.7@va",
      "+ 10.9.1.0/24 188/0 blackhole",
      "- 10.9.1.0/24 188/0 blackhole",
    ];
    assert.deepEqual(opened.news(place), theirs);
    assert.deepEqual(other.news(place), [
      ...theirs,
      "+ 10.9.2.0/24 222/20 unicast 10.1.0.2@va",
      "= 10.9.2.0/24 222/20 unicast 10.1.0.3@va",
      "- 10.9.2.0/24 222/20 unicast 10.1.0.3@va",
    ]);
    assert.deepEqual([elsewhere.news(place), opened.lost], [[], 0]);
    for (const each of [opened, other, elsewhere]) each.table.close();
  },

  "tables beyond 255 are tables of their own, and a table without routes is empty": async (place) => {
    const [opened, main] = [await Opened.open(place, { table: 1_000 }), await Opened.open(place)];
    assert.deepEqual(await opened.routes(place), []);
    assert.deepEqual(await opened.apply(change(place, "add 10.9.0.0/24 10.1.0.2@va")), []);
    assert.deepEqual(await opened.routes(place), ["10.9.0.0/24 222/20 unicast 10.1.0.2@va"]);
    assert.deepEqual(await main.routes(place), []);
    assert.deepEqual(await opened.apply(change(place, "remove 10.9.0.0/24")), []);
    for (const each of [opened, main]) each.table.close();
  },
};
