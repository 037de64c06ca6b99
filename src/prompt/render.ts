import type { Answer, Block } from "#prompt/answer.ts";
import type { Pipe } from "#prompt/pipes.ts";
import { safeJson, safeText } from "#base/safe-text.ts";
import { asciiWidth, renderTable, type Width } from "#prompt/table.ts";

/** A line that is ready for the terminal. Headings are not counted by `| count`. */
interface Line {
  readonly text: string;
  readonly heading: boolean;
}

/** How a line is measured: loaded only when text that is not ASCII has to be aligned. */
export type LoadWidth = () => Promise<Width>;

/**
 * The answer as text, each line with its newline, through the pipes. All text of an answer passes here, and here it is
 * made safe for a terminal, so that no command can forget it.
 */
export async function renderAnswer(
  answer: Answer,
  pipes: readonly Pipe[],
  loadWidth: LoadWidth,
): Promise<string> {
  const asJson = pipes[0]?.type === "json";
  let lines = asJson ? jsonLines(answer.value) : await renderBlocks(answer.blocks, loadWidth);
  for (const pipe of pipes) lines = applyPipe(pipe, lines);
  return lines.map(({ text }) => `${text}\n`).join("");
}

/** The width function that `texts` need: the loaded one only when one of them is not ASCII. */
export async function widthFor(texts: Iterable<string>, loadWidth: LoadWidth): Promise<Width> {
  for (const text of texts) if (NOT_ASCII.test(text)) return loadWidth();
  return asciiWidth;
}

async function renderBlocks(blocks: readonly Block[], loadWidth: LoadWidth): Promise<Line[]> {
  const lines: Line[] = [];
  for (const block of blocks) {
    if (block.type === "lines") {
      const heading = block.isHeading ?? false;
      for (const text of block.lines) lines.push({ text: safeText(text), heading });
    } else if (block.rows.length === 0 && block.whenEmpty !== undefined) {
      lines.push({ text: safeText(block.whenEmpty), heading: true });
    } else {
      const columns = block.columns.map(safeText);
      const rows = block.rows.map((row) => row.map(safeText));
      const width = await widthFor([columns, ...rows].flat(), loadWidth);
      for (const [i, text] of renderTable({ ...block, columns, rows }, width).entries()) {
        lines.push({ text, heading: i < TABLE_HEADINGS });
      }
    }
  }
  return lines;
}

function jsonLines(value: unknown): Line[] {
  return safeJson(value)
    .split("\n")
    .map((text) => ({ text, heading: false }));
}

function applyPipe(pipe: Pipe, lines: readonly Line[]): Line[] {
  switch (pipe.type) {
    case "include":
      return lines.filter(({ text }) => pipe.pattern.test(text));
    case "exclude":
      return lines.filter(({ text }) => !pipe.pattern.test(text));
    case "begin": {
      const first = lines.findIndex(({ text }) => pipe.pattern.test(text));
      return first < 0 ? [] : lines.slice(first);
    }
    case "count":
      return [{ text: String(lines.filter(({ heading }) => !heading).length), heading: false }];
    case "json":
      return [...lines];
  }
}

const NOT_ASCII = /[^\u0020-\u007e]/;
const TABLE_HEADINGS = 2;
