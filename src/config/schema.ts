/**
 * Pieces that services build their sections of. They are codecs where they transform, so that `print` can go
 * back to what was written; give such a key its default with `.prefault("127.0.0.1:7480")`, in the form that
 * is written. A message may bring its remedy after "; ".
 */
import { z } from "zod";
import { formatEndpoint, parseEndpoint, parseNamedEndpoint, type Endpoint } from "#base/endpoint.ts";

export type EndpointText = z.ZodCodec<z.ZodString, z.ZodCustom<Endpoint, Endpoint>>;

/** "192.0.2.7:55555" or "[2001:db8::7]:55555", as an Endpoint. */
export function endpointText(): EndpointText {
  return endpointCodec(parseEndpoint, "an IP address and a port", '127.0.0.1:55555 or "[::1]:55555"');
}

/** Like endpointText, and host names too: "gopher.example:55555". */
export function namedEndpointText(): EndpointText {
  const example = 'gopher.example:55555, 127.0.0.1:55555 or "[::1]:55555"';
  return endpointCodec(parseNamedEndpoint, "a host or an IP address, and a port", example);
}

/**
 * The path of a file or folder: text that is not empty and holds no NUL. Relative ones start at the working
 * directory.
 */
export function filePath(): z.ZodString {
  return z
    .string({ error: () => "expected a path; write text, such as ./data" })
    .min(1, "is empty; write a path, such as ./data")
    .regex(/^[^\0]*$/, "holds a NUL character; write a path, such as ./data");
}

/** A whole number from `min` to `max`. */
export function limit(min: number, max: number, defaultValue: number): z.ZodDefault<z.ZodInt> {
  const error = `must be from ${min} to ${max}; the default is ${defaultValue}`;
  return z.int().min(min, error).max(max, error).default(defaultValue);
}

function endpointCodec(
  parse: (text: string) => Endpoint | undefined,
  expected: string,
  example: string,
): EndpointText {
  // An unquoted [::1] is a list in YAML.
  const text = z.string({
    error: ({ input }) =>
      Array.isArray(input)
        ? 'expected text, got a list; put an address in brackets in quotes, such as "[::1]:55555"'
        : `expected ${expected}; write ${example}`,
  });
  return z.codec(text, z.custom<Endpoint>(), {
    decode: (written, context) => {
      const endpoint = parse(written);
      if (endpoint) return endpoint;
      context.issues.push({
        code: "custom",
        input: written,
        message: `expected ${expected}; write ${example}`,
      });
      return z.NEVER;
    },
    encode: formatEndpoint,
  });
}
