import type { AuthenticationKey } from "#ospf/config.ts";

/**
 * The keys that count at a moment (seconds since 1970): first the one that packets are sent with, then the others that are
 * taken. Of those whose time to be sent with has come it is the one whose time came last, else the first of the list; that
 * one never expires, since a router without a key would fall silent. RFC 2328 D.3, RFC 5709 3.2.
 */
export function keysInForce(
  keys: readonly AuthenticationKey[],
  seconds: number,
): readonly AuthenticationKey[] {
  if (keys.length <= 1) return keys;
  const isTaken = ({ acceptUntil = Infinity }: AuthenticationKey) => seconds <= acceptUntil;
  let sending: AuthenticationKey | undefined;
  for (const key of keys) {
    const { sendFrom = 0 } = key;
    if (sendFrom <= seconds && isTaken(key) && (!sending || sendFrom > (sending.sendFrom ?? 0)))
      sending = key;
  }
  sending ??= keys.find(isTaken) ?? keys[0]!;
  return [sending, ...keys.filter((key) => key !== sending && isTaken(key))];
}
