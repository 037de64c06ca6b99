/** Chance that can be replayed: the same seed gives the same numbers. Never for keys or nonces (those are Cipher's). */
export interface Random {
  /** A whole number from 0 to 2^32 - 1. */
  next(): number;
  /** A number from 0 up to, not including, 1. */
  float(): number;
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  /** `count` hexadecimal digits. */
  hex(count: number): string;
  /** An independent child; forking in a fixed order keeps every child the same between runs. */
  fork(): Random;
  /** The state, from which `seededRandom` makes an equal generator: what a recording's header keeps. */
  state(): string;
}

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded by any text; a `state()` continues exactly where it was taken. */
export function seededRandom(seed: string | number): Random {
  return new Sfc32(stateOf(String(seed)));
}

type Sfc32State = [number, number, number, number];

class Sfc32 implements Random {
  readonly #s: Sfc32State;

  constructor(state: Sfc32State) {
    this.#s = state;
  }

  next(): number {
    const s = this.#s;
    const result = (s[0] + s[1] + s[3]) | 0;
    s[3] = (s[3] + 1) | 0;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = (s[2] + (s[2] << 3)) | 0;
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + result;
    s[2] |= 0;
    return result >>> 0;
  }

  float(): number {
    return this.next() / 0x1_0000_0000;
  }

  below(limit: number): number {
    return Math.floor(this.float() * limit);
  }

  hex(count: number): string {
    let text = "";
    while (text.length < count) text += this.next().toString(16).padStart(8, "0");
    return text.slice(0, count);
  }

  fork(): Random {
    return new Sfc32(mixed([this.next(), this.next(), this.next(), 1]));
  }

  state(): string {
    return `sfc32:${this.#s.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("")}`;
  }
}

function stateOf(seed: string): Sfc32State {
  const saved = /^sfc32:([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8})$/.exec(seed);
  if (saved) return saved.slice(1).map((word) => Number.parseInt(word, 16) | 0) as Sfc32State;
  // FNV-1a over the seed's UTF-16 units, once for each word with an offset of its own.
  const words = [0x811c9dc5, 0x01000193, 0x9e3779b9].map((start) => {
    let hash = start | 0;
    for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
    return hash;
  });
  return mixed([words[0]!, words[1]!, words[2]!, 1]);
}

/** Near seeds differ in few bits: the first outputs are thrown away until they no longer show it. */
function mixed(state: Sfc32State): Sfc32State {
  const mixer = new Sfc32(state);
  for (let i = 0; i < 12; i++) mixer.next();
  return state;
}
