import { median } from "../median.ts";

/** Measured values by what was measured, printed when all rounds are over. */
export class Rows {
  readonly #rows = new Map<string, Map<string, number[]>>();

  add(row: string, values: Readonly<Record<string, number>>): void {
    const columns = this.#rows.get(row) ?? new Map<string, number[]>();
    this.#rows.set(row, columns);
    for (const [column, value] of Object.entries(values))
      columns.set(column, [...(columns.get(column) ?? []), value]);
  }

  /** Medians, with all values behind them. */
  print(): void {
    for (const [row, columns] of this.#rows) {
      const cells = [...columns].map(([column, values]) => {
        const all = values.length > 1 ? ` (${values.map(shown).join(" ")})` : "";
        return `${column} ${shown(median(values))}${all}`;
      });
      console.log(`  ${row.padEnd(32)}${cells.join("; ")}`);
    }
  }
}

function shown(value: number): string {
  return value.toFixed(Math.abs(value) < 20 ? 2 : 0);
}
