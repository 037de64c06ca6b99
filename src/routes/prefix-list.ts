import { formatIpv4Prefix, maskOf, parseIpv4, type Ipv4 } from "#base/ipv4.ts";

/** One line of a prefix list: what is inside `network`/`length` and has from `least` to `most` bits. */
export interface PrefixRule {
  readonly permits: boolean;
  readonly network: Ipv4;
  readonly length: number;
  readonly least: number;
  readonly most: number;
}

/**
 * "permit 10.0.0.0/8 ge 16 le 24", "deny 10.1.0.0/16", "permit any": as Cisco and FRR write them. Without `ge` and `le`
 * only the prefix itself is meant; with `ge` alone up to 32 bits, with `le` alone from the prefix's own length on.
 * Returns undefined for anything else.
 */
export function parsePrefixRule(text: string): PrefixRule | undefined {
  const parts = RULE.exec(text.trim());
  if (!parts) return undefined;
  const [, verb, what, address, lengthText, ge, le] = parts;
  const permits = verb === "permit";
  if (what === "any" || address === undefined) return { permits, network: 0, length: 0, least: 0, most: 32 };
  const [network, length] = [parseIpv4(address), Number(lengthText)];
  if (network === undefined || length > 32 || (network & maskOf(length)) >>> 0 !== network) return undefined;
  const least = ge === undefined ? length : Number(ge);
  const most = le !== undefined ? Number(le) : ge === undefined ? length : 32;
  if (least < length || most < least || most > 32) return undefined;
  return { permits, network, length, least, most };
}

/** The text that parsePrefixRule reads back. */
export function formatPrefixRule({ permits, network, length, least, most }: PrefixRule): string {
  const bounds = [
    ...(least === length ? [] : [`ge ${least}`]),
    ...(most === (least === length ? length : 32) ? [] : [`le ${most}`]),
  ];
  return [permits ? "permit" : "deny", formatIpv4Prefix(network, length), ...bounds].join(" ");
}

/** What the first rule that fits says; what none fits is denied. A list without rules permits everything. */
export function permits(rules: readonly PrefixRule[], network: Ipv4, length: number): boolean {
  if (rules.length === 0) return true;
  const rule = rules.find(
    (each) =>
      length >= each.least && length <= each.most && ((network ^ each.network) & maskOf(each.length)) === 0,
  );
  return rule?.permits ?? false;
}

const RULE = /^(permit|deny) +(any|([\d.]+)\/(\d{1,2})(?: +ge +(\d{1,2}))?(?: +le +(\d{1,2}))?)$/;
