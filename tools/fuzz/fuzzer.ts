import { setFlagsFromString } from "node:v8";
import { runInNewContext, Script } from "node:vm";
import { seededRandom, type Random } from "#base/random.ts";
import { mutate, randomBytes } from "./mutate.ts";
import { BrokenRule, type Target } from "./target.ts";

/** An input for which something is wrong. */
export interface Failure {
  readonly input: Uint8Array;
  readonly error: Error;
}

export interface FuzzOptions {
  readonly seed: string;
  /** Inputs to start from. */
  readonly inputs: readonly Uint8Array[];
  /** Ends the run; asked between inputs. */
  readonly isDone: (executions: number) => boolean;
  /** Whether to go on after a failure. */
  readonly onFailure: (failure: Failure) => boolean;
  /** Collects garbage before and after, to tell what is held. */
  readonly measuresHeap?: boolean;
}

export interface FuzzReport {
  readonly executions: number;
  readonly seconds: number;
  readonly outcomes: number;
  readonly kept: number;
  readonly slowestMs: number;
  /** What is held after the run and was not before, garbage collected. */
  readonly heapGrowth: number;
}

/** What one input may take. */
export const MOST_MS = 200;
/** An input that takes so long never ends. */
const HANGING_MS = 10_000;
/** Inputs that are run under one watch for endless ones, which itself costs something. */
const BATCH_MS = 50;
const MOST_KEPT = 4_000;

/** Runs a target on mutated inputs; those with new outcomes are mutated further. */
export function fuzz(target: Target, options: FuzzOptions): FuzzReport {
  const { seed, inputs, isDone, onFailure, measuresHeap = false } = options;
  const random = seededRandom(`${seed} ${target.name}`);
  const seeds = [...inputs, ...(target.seeds?.(random) ?? [])];
  const state: State = { target, random, kept: [], outcomes: new Set(), slowestMs: 0 };
  const heapBefore = measuresHeap ? heldBytes() : 0;
  const started = performance.now();
  let executions = 0;
  let done = false;
  while (!done) {
    const batchEnd = performance.now() + BATCH_MS;
    const watched = (): boolean => {
      while (!isDone(executions)) {
        const input = executions < seeds.length ? seeds[executions]! : nextInput(state);
        executions++;
        const failure = attempt(state, input);
        if (failure && !onFailure(failure)) return true;
        if (performance.now() > batchEnd) return false;
      }
      return true;
    };
    const hung = watch(watched, state, (finished) => (done = finished));
    if (hung && !onFailure(hung)) done = true;
  }
  const seconds = (performance.now() - started) / 1_000;
  const { outcomes, kept, slowestMs } = state;
  const heapGrowth = measuresHeap ? heldBytes() - heapBefore : 0;
  return { executions, seconds, outcomes: outcomes.size, kept: kept.length, slowestMs, heapGrowth };
}

interface State {
  readonly target: Target;
  readonly random: Random;
  readonly kept: Uint8Array[];
  readonly outcomes: Set<string>;
  slowestMs: number;
  /** What runs now. */
  input?: Uint8Array;
}

function nextInput({ target, random, kept }: State): Uint8Array {
  const made = random.below(8) === 0 ? target.make?.(random) : undefined;
  if (made) return made.slice(0, target.longest);
  if (kept.length === 0) return randomBytes(random, random.below(64));
  // Half of the time one of the newest: what was found last leads on.
  const newest = Math.max(1, kept.length >> 3);
  const i = random.below(2) === 0 ? kept.length - 1 - random.below(newest) : random.below(kept.length);
  return mutate(kept[i]!, random, kept, target.longest);
}

function attempt(state: State, input: Uint8Array): Failure | undefined {
  state.input = input;
  const found = runOnce(state.target, input);
  if (found instanceof Error) return { input, error: found };
  state.slowestMs = Math.max(state.slowestMs, found.ms);
  if (!state.outcomes.has(found.outcome)) {
    state.outcomes.add(found.outcome);
    if (state.kept.length < MOST_KEPT) state.kept.push(input);
    else state.kept[state.random.below(MOST_KEPT)] = input;
  }
  return undefined;
}

/** Runs one input; an error also for one that takes too long, twice: garbage is collected and code compiled at times. */
export function runOnce(target: Target, input: Uint8Array): { outcome: string; ms: number } | Error {
  try {
    const before = performance.now();
    const outcome = target.run(input.slice());
    let ms = performance.now() - before;
    for (let i = 0; i < 2 && ms > MOST_MS; i++) ms = Math.min(ms, processorMs(target, input));
    if (ms <= MOST_MS) return { outcome, ms };
    return new BrokenRule(`an input that takes too long: ${Math.round(ms)} ms`);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What an input takes of the processor, whatever else runs on it. */
function processorMs(target: Target, input: Uint8Array): number {
  const before = process.threadCpuUsage();
  target.run(input.slice());
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

const WATCHED = "__fuzz_watched";
const script = new Script(`${WATCHED}()`);

/** Calls `run`; a failure when it does not come back. */
function watch(run: () => boolean, state: State, finished: (done: boolean) => void): Failure | undefined {
  Reflect.set(globalThis, WATCHED, run);
  try {
    finished(script.runInThisContext({ timeout: HANGING_MS }) as boolean);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    return { input: state.input!, error: new BrokenRule("an input that never ends") };
  }
}

/** Runs one input under watch: what replaying does. */
export function replay(target: Target, input: Uint8Array): Failure | undefined {
  const state: State = { target, random: seededRandom(0), kept: [], outcomes: new Set(), slowestMs: 0 };
  let failure: Failure | undefined;
  const run = (): boolean => {
    failure = attempt(state, input);
    return true;
  };
  return watch(run, state, () => undefined) ?? failure;
}

let collect: (() => void) | undefined;

function heldBytes(): number {
  if (!collect) {
    setFlagsFromString("--expose-gc");
    // V8 keeps what was made by new Function until memory runs short, which would look like a leak.
    setFlagsFromString("--no-compilation-cache");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** A smaller input that fails in the same way. */
export function shrink(target: Target, { input, error }: Failure, mostMs = 3_000): Failure {
  const end = performance.now() + mostMs;
  const wanted = signatureOf(error);
  let best: Failure = { input, error };
  const takes = (changed: Uint8Array): boolean => {
    const found = replay(target, changed);
    if (!found || signatureOf(found.error) !== wanted) return false;
    best = found;
    return true;
  };
  if (/takes too long|never ends/.test(wanted)) return best;
  for (let size = best.input.length; size >= 1; size >>= 1)
    for (let at = 0; at < best.input.length && performance.now() < end;) {
      const { input: now } = best;
      const without = new Uint8Array([...now.subarray(0, at), ...now.subarray(at + size)]);
      if (!takes(without)) at += size;
    }
  for (let at = 0; at < best.input.length && performance.now() < end; at++) {
    const zeroed = best.input.slice();
    zeroed[at] = 0;
    if (best.input[at] !== 0) takes(zeroed);
  }
  return best;
}

/** What failures of one cause have in common: the first line without numbers, and where it was thrown. */
export function signatureOf({ message, stack = "" }: Error): string {
  const place = /\n\s+at .*?((?:src|tools)\/[\w./-]+:\d+)/.exec(stack)?.[1] ?? "";
  return `${message.split("\n")[0]!.replaceAll(/\d+/g, "0")} ${place}`;
}
