import { explain } from "#base/operator-error.ts";
import { safeText } from "#base/safe-text.ts";

/**
 * Why a command failed, as one line that is safe on a terminal. An error of the API has its message, without the name of
 * its code, in `rawMessage`; it is recognized by that, so that this works with every transport.
 */
export function explainFailure(error: unknown): string {
  if (typeof error === "object" && error !== null && "rawMessage" in error) {
    const { rawMessage } = error;
    if (typeof rawMessage === "string" && rawMessage !== "") return safeText(oneLine(rawMessage));
  }
  return safeText(explain(error));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
