/**
 * `text` as one line that a terminal shows and does not obey: control characters (C0, DEL, C1), line separators, and
 * the invisible marks that reorder text are shown as escapes such as \x1b, \n and \u202e.
 */
export function safeText(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return text.replaceAll(EVERY_UNSAFE, escapeCharacter);
}

/** Like safeText, but of several lines: line ends stay. For text of Parley's own, such as a usage text. */
export function safeLines(text: string): string {
  return text.split("\n").map(safeText).join("\n");
}

/** Indented JSON that is safe on a terminal and means the same: JSON.stringify leaves DEL, C1 and bidi marks as they are. */
export function safeJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2) ?? "null";
  return text.replaceAll(EVERY_UNSAFE, (character) =>
    character === "\n" ? character : unicodeEscape(character),
  );
}

// Bidirectional marks: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069 (Unicode TR9); U+FEFF shows nothing.
const UNSAFE_CHARACTERS =
  "\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ufff9-\\ufffb";
const UNSAFE = new RegExp(`[${UNSAFE_CHARACTERS}]`);
const EVERY_UNSAFE = new RegExp(`[${UNSAFE_CHARACTERS}]`, "g");

function escapeCharacter(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  const point = character.charCodeAt(0);
  return point < 0x100 ? `\\x${point.toString(16).padStart(2, "0")}` : unicodeEscape(character);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
