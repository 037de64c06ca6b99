import {
  decodeRegistration,
  decodeSettings,
  encodeRegistration,
  encodeSettings,
  idOf,
  SETTINGS_KEY,
  type DirectorySettings,
  type Registration,
} from "#directory/registration.ts";
import { sourceKey } from "#directory/source.ts";

/** One key of the store gets another value, or goes (undefined). */
export interface TableChange {
  readonly key: string;
  readonly value: string | undefined;
}

/** The peers of one directory as the store has them, and the list as the original writes it. */
export class DirectoryTable {
  readonly #defaults: DirectorySettings;
  #settings: DirectorySettings | undefined;
  readonly #peers = new Map<string, Registration>();
  /** The JSON of each peer in the original's list. */
  readonly #listed = new Map<string, string>();
  /** Peers by who registered them. */
  readonly #counts = new Map<string, number>();
  /** In order. */
  readonly #ids: string[] = [];
  #list: string | undefined;
  #earliestExpiry = Infinity;
  /** Values of the store that could not be read. */
  damaged = 0;

  /** `defaults` count until somebody has set others. */
  constructor(defaults: DirectorySettings) {
    this.#defaults = defaults;
  }

  get settings(): DirectorySettings {
    return this.#settings ?? this.#defaults;
  }

  get peers(): ReadonlyMap<string, Registration> {
    return this.#peers;
  }

  /** No peer expires before this moment; ms since the Unix epoch. */
  get earliestExpiry(): number {
    return this.#earliestExpiry;
  }

  /** All ids in order. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** Peers that were registered from this address, or from its neighbours. */
  countOf(source: string): number {
    return this.#counts.get(sourceKey(source)) ?? 0;
  }

  apply({ key, value }: TableChange): void {
    this.#list = undefined;
    if (key === SETTINGS_KEY) {
      this.#settings = value === undefined ? undefined : decodeSettings(value);
      return;
    }
    const id = idOf(key);
    if (id === undefined) return;
    const peer = value === undefined ? undefined : decodeRegistration(value);
    if (!peer || peer.id !== id) {
      if (value !== undefined) this.damaged++;
      this.#remove(id);
    } else this.#put(peer);
  }

  /** What the store has at a key. */
  valueAt(key: string): string | undefined {
    if (key === SETTINGS_KEY) return this.#settings && encodeSettings(this.#settings);
    const peer = this.#peers.get(idOf(key) ?? "");
    return peer && encodeRegistration(peer);
  }

  /** Those whose time is over. */
  expired(now: number): Registration[] {
    if (now < this.#earliestExpiry) return [];
    const over: Registration[] = [];
    let earliest = Infinity;
    for (const peer of this.#peers.values()) {
      if (peer.expires <= now) over.push(peer);
      earliest = Math.min(earliest, peer.expires);
    }
    this.#earliestExpiry = earliest;
    return over;
  }

  /** The answer of the original's API: settings and all peers by id, as JSON in one line. */
  list(): string {
    if (this.#list !== undefined) return this.#list;
    const { maxPeers, minRefillCandidates } = this.settings;
    const config = `{"maxpeers":${maxPeers},"minrefillcandidates":${minRefillCandidates},"numpeers":${this.#peers.size}}`;
    const peers = this.#ids.map((id) => this.#listed.get(id)!).join(",");
    return (this.#list = `{"Config":${config},"Peers":{${peers}}}`);
  }

  #put(peer: Registration): void {
    const { id, name, ip, port, protocol, status, timestamp } = peer;
    const before = this.#peers.get(id);
    if (before) this.#count(before.source, -1);
    else this.#ids.splice(this.#placeOf(id), 0, id);
    this.#peers.set(id, peer);
    this.#count(peer.source, 1);
    const fields = JSON.stringify({ id, name, ip, port, protocol, status, timestamp });
    this.#listed.set(id, `${JSON.stringify(id)}:${fields}`);
    this.#earliestExpiry = Math.min(this.#earliestExpiry, peer.expires);
  }

  #remove(id: string): void {
    const peer = this.#peers.get(id);
    if (!peer) return;
    this.#count(peer.source, -1);
    this.#peers.delete(id);
    this.#listed.delete(id);
    this.#ids.splice(this.#placeOf(id), 1);
  }

  #count(source: string, change: 1 | -1): void {
    const key = sourceKey(source);
    const count = (this.#counts.get(key) ?? 0) + change;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }

  /** Where an id is, or belongs. */
  #placeOf(id: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
