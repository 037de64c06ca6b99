/** What is wrong with a query, and where in its text. */
export class QueryError extends Error {
  override name = "QueryError";
  /** Range in the query's text that is wrong. */
  readonly at: number;
  readonly length: number;
  /** What would be right: the nearest names, the values that are possible. */
  readonly remedy: string;

  constructor(message: string, place: { readonly at: number; readonly length: number }, remedy = "") {
    super(message);
    this.at = place.at;
    this.length = place.length;
    this.remedy = remedy;
  }

  /** Three lines: the query, a mark below the mistake, and what is wrong. */
  explain(query: string): string {
    const mark = " ".repeat(this.at) + "^".repeat(Math.max(1, this.length));
    return `${query}\n${mark}\n${this.message}${this.remedy && `; ${this.remedy}`}`;
  }
}
