import { FieldGenerator } from "#packet/generate-field.ts";
import { generateCondition, generateExpression, type Expression } from "#packet/expression.ts";
import { anySpec, code, referencedIn, type Place, type Scope } from "#packet/generated-code.ts";
import type { Member, Message } from "#packet/message.ts";

/**
 * Writes JavaScript that reads a message: either building its values, or only visiting the fields that somebody wants.
 * The code knows whole and well-formed messages only; for anything else it gives up (returns -1, or undefined) and the
 * thorough reading of read.ts says what is wrong. It holds integers and names made here, never text from outside.
 */
export class Generator extends FieldGenerator {
  readonly #functions = new Map<Message, string>();
  readonly #sources: string[] = [];

  /** Gives the constants their names, from K. */
  get prologue(): string {
    return this.constants.map((_, i) => `const k${i} = K[${i}];`).join("\n");
  }

  /** The functions made so far. */
  get functions(): string {
    return this.#sources.join("\n");
  }

  /** The name of a function (b, at, end, cap, ls) that reads `message`: returns its values and sets R.next, or returns next. */
  override functionFor(message: Message): string {
    const known = this.#functions.get(message);
    if (known !== undefined) return known;
    const name = this.name("f");
    this.#functions.set(message, name);
    this.nested++;
    const { lines, fields, next } = this.body(message, new Set());
    this.nested--;
    const result = this.visitor ? `return ${code(next)};` : `R.next = ${code(next)};\nreturn ${fields};`;
    this.#sources.push(
      `function ${name}(b, at, end, cap, ls) {\nconst lim = end < cap ? end : cap;\n${lines}\n${result}\n}`,
    );
    return name;
  }

  /** Code that reads all fields of `message` at `at`, where `also` names fields that the caller will use. */
  body(
    message: Message,
    also: ReadonlySet<string>,
    stopsEarly = false,
  ): { lines: string; fields: string; next: Place; nameOf: (name: string) => string } {
    const referenced = new Set([...referencedIn(message), ...also]);
    const scope: Scope = {
      names: new Map(),
      referenced,
      checked: new Map(),
      region: { end: "end", limit: "lim" },
    };
    const lines: string[] = [];
    const properties: string[] = [];
    let place: Place = { base: "at", offset: 0 };
    const mayStop = stopsEarly && message.headerSize && !message.readsWhole;
    const last = mayStop ? this.#lastNeeded(message, also) : Infinity;
    let stopped = false;
    if (message.needs) {
      const needed = generateExpression(message.needs, (name) => this.nameOf(name, scope, place));
      lines.push(`if (at + ${needed} > lim) ${this.giveUp}`);
    }
    for (const [i, member] of message.members.entries()) {
      this.#stops(message, i, scope, place, lines);
      if (message.headerSize && i === message.headerSizeAfter)
        lines.push(this.#headerEnd(message.headerSize, scope, place));
      stopped = i > last && i >= message.headerSizeAfter;
      if (stopped) break;
      const result = member.run
        ? this.runMember(member, scope, place, lines, message.members.slice(i))
        : this.field(member.spec, scope, place, lines, message.members.slice(i), member.name);
      properties.push(`${member.name}: ${result.value}`);
      place = result.next;
    }
    if (!stopped) this.#stops(message, message.members.length, scope, place, lines);
    if (message.headerSize) {
      if (message.headerSizeAfter === message.members.length)
        lines.push(this.#headerEnd(message.headerSize, scope, place));
      if (!stopped) lines.push(`if (${code(place)} !== he) ${this.giveUp}`);
      place = { base: "he", offset: 0 };
    }
    const nameOf = (name: string): string => this.nameOf(name, scope, place);
    return { lines: lines.join("\n"), fields: `{ ${properties.join(", ")} }`, next: place, nameOf };
  }

  /** Gives up where a value means that what follows is nothing. */
  #stops(message: Message, after: number, scope: Scope, place: Place, lines: string[]): void {
    for (const { holds, stopsAfter } of message.checks)
      if (stopsAfter === after)
        lines.push(
          `if (!${generateCondition(holds, (name) => this.nameOf(name, scope, place))}) ${this.giveUp}`,
        );
  }

  /** The last member that somebody looks at, or whose value is needed. */
  #lastNeeded(message: Message, also: ReadonlySet<string>): number {
    const isNeeded = ({ name, spec }: Member): boolean =>
      also.has(name) || anySpec(spec, (each) => this.visitor?.wants(each) ?? true);
    return message.members.findLastIndex(isNeeded);
  }

  #headerEnd(size: Expression, scope: Scope, place: Place): string {
    const js = generateExpression(size, (name) => this.nameOf(name, scope, place));
    scope.region = { end: "he", limit: "he" };
    // What is known to be there may lie behind the header.
    scope.checked.clear();
    return `const he = at + ${js};\nif (he > lim || he < ${code(place)}) ${this.giveUp}`;
  }
}
