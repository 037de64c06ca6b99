import { OperatorError } from "#base/operator-error.ts";
import { formatPlace, type Place } from "#config/located.ts";

/** One thing that is wrong in a configuration, where, and what to do about it. */
export interface Problem {
  /** The file, relative to the working directory when below it, or "-s 1 (whisper.nick=5)". */
  readonly file: string;
  /** From 1; 0 for a `-s` setting and for a file that is wrong as a whole. */
  readonly line: number;
  readonly column: number;
  /** "whisper.listen"; empty when it concerns no key. */
  readonly key: string;
  readonly message: string;
  readonly remedy: string;
}

/** A problem and the place it is sorted by. */
export interface PlacedProblem {
  readonly place: Place;
  readonly key: string;
  readonly message: string;
  readonly remedy: string;
}

/** All that is wrong in a configuration: the message has one line a problem, sorted by layer and position. */
export class ConfigurationError extends OperatorError {
  override name = "ConfigurationError";
  readonly problems: readonly Problem[];

  constructor(placed: readonly PlacedProblem[]) {
    const lines = new Map<string, Problem>();
    for (const problem of placed.toSorted(byPlace)) lines.set(formatProblem(problem), published(problem));
    const kept = [...lines.keys()].slice(0, MAXIMUM_LINES);
    if (lines.size > kept.length) kept.push(`and ${lines.size - kept.length} more`);
    super(kept.join("\n"), "mend the configuration and try again");
    this.problems = [...lines.values()];
  }
}

/** "bob.yaml:3:9: whisper.nick: what is wrong; remedy". */
function formatProblem({ place, key, message, remedy }: PlacedProblem): string {
  return [formatPlace(place), ...(key === "" ? [] : [key]), `${message}; ${remedy}`].join(": ");
}

function byPlace({ place: a }: PlacedProblem, { place: b }: PlacedProblem): number {
  return a.source.order - b.source.order || a.line - b.line || a.column - b.column;
}

function published({ place, key, message, remedy }: PlacedProblem): Problem {
  return { file: place.source.name, line: place.line, column: place.column, key, message, remedy };
}

// A file of the wrong kind can have a problem a byte; whoever mends it starts at the top.
const MAXIMUM_LINES = 50;
