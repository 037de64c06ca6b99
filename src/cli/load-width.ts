import type { Width } from "#prompt/table.ts";

/** The width of any text on a terminal; loaded only for text that is not ASCII, because it costs 20 ms. */
export async function loadWidth(): Promise<Width> {
  const { default: stringWidth } = await import("string-width");
  return (text) => stringWidth(text);
}
