/** What a command hands back: `value` is what `| json` prints, `blocks` what people read. */
export interface Answer {
  /** JSON-able: camelCase keys, ISO times, no bigint. */
  readonly value: unknown;
  readonly blocks: readonly Block[];
}

/** Text from anywhere may stand in a block: rendering makes it safe for a terminal, commands need not. */
export type Block = LinesBlock | TableBlock;

export interface LinesBlock {
  readonly type: "lines";
  /** One entry a line; a newline inside an entry is shown as an escape. */
  readonly lines: readonly string[];
  /** They stand above what is listed: `| count` does not count them. */
  readonly isHeading?: boolean;
}

export interface TableBlock {
  readonly type: "table";
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Indexes of the columns that hold numbers. */
  readonly rightAligned?: readonly number[];
  /** No column is narrower than this. */
  readonly minimumWidth?: number;
  /** Shown instead of a table that has no rows. */
  readonly whenEmpty?: string;
}

/** An answer of plain lines. */
export function linesAnswer(value: unknown, lines: readonly string[]): Answer {
  return { value, blocks: lines.length === 0 ? [] : [{ type: "lines", lines }] };
}

/** An answer of one table. */
export function tableAnswer(value: unknown, table: Omit<TableBlock, "type">): Answer {
  return { value, blocks: [{ type: "table", ...table }] };
}
