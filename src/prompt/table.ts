import type { TableBlock } from "#prompt/answer.ts";

/** Columns that a text takes on a terminal. */
export type Width = (text: string) => number;

/** The width of text that is ASCII only. */
export const asciiWidth: Width = (text) => text.length;

/**
 * A header, a row of dashes and the rows, with one blank between columns and none at the end of a line. Cells must
 * already be safe for a terminal.
 */
export function renderTable(table: Omit<TableBlock, "type">, width: Width = asciiWidth): string[] {
  const { columns, rows, minimumWidth = 0 } = table;
  const right = new Set(table.rightAligned);
  const measured = rows.map((row) => columns.map((_, i) => width(row[i] ?? "")));
  const widths = columns.map((name, i) => {
    let widest = Math.max(width(name), minimumWidth);
    for (const row of measured) widest = Math.max(widest, row[i]!);
    return widest;
  });
  const header = widths.map((_, i) => width(columns[i]!));
  const lines = [renderRow(columns, header, widths, right)];
  lines.push(widths.map((size) => "-".repeat(size)).join(" "));
  for (const [i, row] of rows.entries()) lines.push(renderRow(row, measured[i]!, widths, right));
  return lines;
}

/** `text` filled with blanks up to `size` columns. */
export function padEnd(text: string, size: number, width: Width = asciiWidth): string {
  return text + " ".repeat(Math.max(0, size - width(text)));
}

function renderRow(
  cells: readonly string[],
  measured: readonly number[],
  widths: readonly number[],
  right: ReadonlySet<number>,
): string {
  let line = "";
  for (const [i, size] of widths.entries()) {
    const blanks = " ".repeat(size - measured[i]!);
    if (i > 0) line += " ";
    line += right.has(i) ? blanks + (cells[i] ?? "") : (cells[i] ?? "") + blanks;
  }
  return line.trimEnd();
}
