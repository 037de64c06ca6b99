/** IPv4 addresses and prefixes as pieces of a section; see config/schema.ts. */
import { z } from "zod";
import { formatIpv4, formatIpv4Prefix, maskOf, parseIpv4, type Ipv4 } from "#base/ipv4.ts";

export interface Ipv4Prefix {
  readonly network: Ipv4;
  readonly length: number;
}

/** "192.0.2.7", as a number. */
export function ipv4Text(): z.ZodCodec<z.ZodString, z.ZodNumber> {
  const message = "expected an IPv4 address; write one such as 192.0.2.7";
  return z.codec(z.string({ error: () => message }), z.number(), {
    decode: (written, context) => parseIpv4(written) ?? refuse(context, written, message),
    encode: formatIpv4,
  });
}

/** "192.0.2.0/24"; set host bits are a mistake, and the message shows the prefix that was probably meant. */
export function ipv4PrefixText(): z.ZodCodec<z.ZodString, z.ZodCustom<Ipv4Prefix, Ipv4Prefix>> {
  const message = "expected an IPv4 prefix; write one such as 192.0.2.0/24";
  return z.codec(z.string({ error: () => message }), z.custom<Ipv4Prefix>(), {
    decode: (written, context) => {
      const [, address, bits] = /^([\d.]+)\/(0|[1-9]\d?)$/.exec(written) ?? [];
      const [network, length] = [address === undefined ? undefined : parseIpv4(address), Number(bits)];
      if (network === undefined || length > 32) return refuse(context, written, message);
      const base = (network & maskOf(length)) >>> 0;
      if (base === network) return { network, length };
      return refuse(context, written, `has host bits set; write ${formatIpv4Prefix(base, length)}`);
    },
    encode: ({ network, length }) => formatIpv4Prefix(network, length),
  });
}

function refuse(
  context: { readonly issues: { push(issue: { code: "custom"; input: string; message: string }): unknown } },
  input: string,
  message: string,
): never {
  context.issues.push({ code: "custom", input, message });
  return z.NEVER;
}
