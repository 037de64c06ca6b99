import type { Located, LocatedEntry, LocatedMap } from "#config/located.ts";

/**
 * `higher` laid over `lower`: maps merge key by key, anything else replaces. Neither is changed. A map keeps
 * the place where a layer first opened it, which is where one looks for what is missing in it.
 */
export function mergeLayers(lower: LocatedMap, higher: LocatedMap): LocatedMap {
  const entries = new Map(lower.entries);
  for (const [key, entry] of higher.entries) {
    const below = entries.get(key);
    const isMerged = below?.value.kind === "map" && entry.value.kind === "map";
    entries.set(key, isMerged ? { key: below.key, value: mergeLayers(below.value, entry.value) } : entry);
  }
  return { kind: "map", place: lower.place, entries };
}

/**
 * Without the keys that an explicit null removed. Run once, after all layers are merged: until then null must
 * stay.
 */
export function withoutRemoved(map: LocatedMap): LocatedMap {
  const entries = new Map<string, LocatedEntry>();
  for (const [key, entry] of map.entries) {
    if (entry.value.kind === "scalar" && entry.value.value === null) continue;
    entries.set(key, { key: entry.key, value: cleaned(entry.value) });
  }
  return { ...map, entries };
}

function cleaned(value: Located): Located {
  if (value.kind === "map") return withoutRemoved(value);
  if (value.kind === "list") return { ...value, items: value.items.map(cleaned) };
  return value;
}

/**
 * What a layer means, whatever it was written as: a section with nothing below it is an empty section, and
 * `network.controller`, the name that area-net's files use, is `mesh`. Where a layer has both, `mesh` wins.
 */
export function normalizeLayer(layer: LocatedMap): LocatedMap {
  const entries = new Map<string, LocatedEntry>();
  for (const [key, entry] of layer.entries) entries.set(key, emptyWhenNothing(entry));
  const network = entries.get("network");
  if (network?.value.kind !== "map") return { ...layer, entries };
  const controller = network.value.entries.get("controller");
  if (!controller) return { ...layer, entries };
  const others = new Map(network.value.entries);
  others.delete("controller");
  if (others.size > 0) entries.set("network", { ...network, value: { ...network.value, entries: others } });
  else entries.delete("network");
  const renamed = emptyWhenNothing(controller);
  const mesh = entries.get("mesh");
  if (!mesh) entries.set("mesh", renamed);
  else if (mesh.value.kind === "map" && renamed.value.kind === "map") {
    entries.set("mesh", { key: mesh.key, value: mergeLayers(renamed.value, mesh.value) });
  }
  return { ...layer, entries };
}

function emptyWhenNothing(entry: LocatedEntry): LocatedEntry {
  if (entry.value.kind !== "nothing") return entry;
  return { key: entry.key, value: { kind: "map", place: entry.value.place, entries: new Map() } };
}
