/**
 * Key paths as people read and write them: `whisper.nick`, `peers[0]`, `ospf.area 0.cost`, and with quotes
 * around a key that itself holds a dot, `ospf."area 0.0.0.0".cost`.
 */
export function formatKeyPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += (text === "" ? "" : ".") + formatKey(String(step));
  }
  return text;
}

function formatKey(key: string): string {
  return PLAIN_KEY.test(key) ? key : JSON.stringify(key);
}

/**
 * A key path at the start of `text` and the offset after it, or what is wrong. Spaces around dots are
 * allowed.
 */
export type KeyPathResult =
  | { readonly ok: true; readonly path: readonly string[]; readonly end: number }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a key path up to "=" or the end. A path that is one quoted text as a whole is split at its dots,
 * because area-net has `-s '"network.controller.d2" = true'`; quotes around a part of it keep the part's
 * dots.
 */
export function parseKeyPath(text: string): KeyPathResult {
  const whole = parseParts(text);
  if (!whole.ok || whole.path.length !== 1 || !/^\s*["']/.test(text)) return whole;
  const inner = parseParts(whole.path[0]!);
  if (!inner.ok) return inner;
  if (inner.end < whole.path[0]!.length) return { ok: false, message: 'a key cannot hold "="' };
  return { ...inner, end: whole.end };
}

function parseParts(text: string): KeyPathResult {
  const path: string[] = [];
  let at = 0;
  for (;;) {
    const part = PART.exec(text.slice(at));
    if (!part) return { ok: false, message: partProblem(text.slice(at)) };
    const key = part[1] ?? part[2] ?? unquoted(part[3]!);
    if (key === undefined) return { ok: false, message: `${part[3]} is not a well-formed quoted key` };
    if (key === "") return { ok: false, message: "a part of the key is empty" };
    if (key === "__proto__") return { ok: false, message: '"__proto__" cannot be a key' };
    path.push(key);
    if (path.length > MAXIMUM_PARTS)
      return { ok: false, message: `the key has more than ${MAXIMUM_PARTS} parts` };
    at += part[0].length;
    if (text[at] === ".") at++;
    else if (at === text.length || text[at] === "=") return { ok: true, path, end: at };
    else return { ok: false, message: `"." or "=" is missing before ${text.slice(at, at + 10)}` };
  }
}

function partProblem(rest: string): string {
  return /^\s*["']/.test(rest) ? "a quote is not closed in the key" : "a part of the key is empty";
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

const PLAIN_KEY = /^[^\s."'=[\]#\p{Cc}](?:[^."'=[\]\p{Cc}]*[^\s."'=[\]\p{Cc}])?$/u;
// One part with the spaces around it: 'literal', bare (inner spaces allowed, as in "area 0") or "with
// escapes".
const PART = /^\s*(?:'([^']*)'|([^\s."'=](?:[^."'=]*[^\s."'=])?)|("(?:[^"\\]|\\.)*"))\s*/;
const MAXIMUM_PARTS = 16; // twice what the deepest key needs
