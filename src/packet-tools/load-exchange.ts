import { fileURLToPath } from "node:url";
import { explain, OperatorError } from "#base/operator-error.ts";
import type { ExchangeDefinition } from "#packet/exchange/definition.ts";

/**
 * What a file exports as `exchange(parley, options)` makes: a responder or a machine. Throws OperatorError that says what
 * is wrong with the file or the options.
 */
export async function loadExchange(
  url: URL,
  options: Readonly<Record<string, string>>,
): Promise<ExchangeDefinition> {
  const path = fileURLToPath(url);
  // The toolkit is the caller's own: a packet that a responder builds is of the very protocols that take it apart.
  const parley = await import("#wire/library.ts");
  let loaded: { readonly exchange?: unknown };
  try {
    loaded = (await import(url.href)) as { readonly exchange?: unknown };
  } catch (error) {
    throw new OperatorError(`${path} cannot be loaded: ${explain(error)}`, GUIDE, { cause: error });
  }
  if (typeof loaded.exchange !== "function")
    throw new OperatorError(`${path} exports no function exchange`, GUIDE);
  let made: unknown;
  try {
    made = await (loaded.exchange as (tools: typeof parley, given: typeof options) => unknown)(
      parley,
      options,
    );
  } catch (error) {
    throw new OperatorError(`${path}: ${explain(error)}`, "check its options, KEY=VALUE", {
      exitStatus: 2,
      cause: error,
    });
  }
  if (isDefinition(made)) return made;
  throw new OperatorError(
    `exchange of ${path} returns neither a responder nor a machine`,
    "return what parley.responder or parley.machine makes",
  );
}

function isDefinition(value: unknown): value is ExchangeDefinition {
  if (typeof value !== "object" || value === null) return false;
  const { name, initial, states, data } = value as Partial<Record<keyof ExchangeDefinition, unknown>>;
  return (
    typeof name === "string" &&
    typeof initial === "string" &&
    typeof data === "function" &&
    typeof states === "object" &&
    states !== null
  );
}

const GUIDE = "see docs/guide/responders.md and examples/packets";
