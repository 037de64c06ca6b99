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

  /** The query, or of a long one the part around the mistake, with »« around that. */
  marked(query: string): string {
    const end = this.at + this.length;
    const cut = (part: string): string => (part.length > MOST_SHOWN ? `${part.slice(0, MOST_SHOWN)}…` : part);
    const before = query.slice(0, this.at);
    const start = before.length > MOST_SHOWN ? `…${before.slice(-MOST_SHOWN)}` : before;
    return `${start}»${cut(query.slice(this.at, end))}«${cut(query.slice(end))}`;
  }

  /** Three lines: the query, a mark below the mistake, and what is wrong. */
  explain(query: string): string {
    const mark = " ".repeat(this.at) + "^".repeat(Math.max(1, this.length));
    return `${query}\n${mark}\n${this.message}${this.remedy && `; ${this.remedy}`}`;
  }
}

/** Characters of each part of a query that stand in a message of one line. */
const MOST_SHOWN = 60;
