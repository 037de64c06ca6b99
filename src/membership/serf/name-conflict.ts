import { unmapAddress } from "#base/address.ts";
import { equalBytes } from "#base/bytes.ts";
import { parseEndpoint } from "#base/endpoint.ts";
import { encodeUtf8 } from "#base/utf8.ts";
import { addressBytes } from "#membership/member.ts";
import type { Inquiry } from "#membership/serf/inquiries.ts";
import { INTERNAL_PREFIX } from "#membership/serf/limits.ts";
import type { MembershipSetup } from "#membership/io.ts";
import { decodeConflictResponse } from "#wire/memberlist/serf-answers.ts";

/**
 * Somebody else has our name: asks all where they know it. Whoever has no majority goes, so one of two stays at most. Unlike
 * in Serf, members that know neither do not count, and nobody goes because nobody answered.
 */
export function conflictInquiry(
  { name, address }: MembershipSetup,
  decided: (matching: number, answers: number) => void,
): Inquiry {
  const own = parseEndpoint(address)!;
  const ownAddress = addressBytes(own)!;
  let matching = 0;
  let answers = 0;
  return {
    name: `${INTERNAL_PREFIX}conflict`,
    payload: encodeUtf8(name),
    answered: (_, payload) => {
      const member = decodeConflictResponse(payload);
      if (!member) return;
      answers++;
      if (member.port === own.port && equalBytes(plain(member.address), ownAddress)) matching++;
    },
    ended: () => decided(matching, answers),
  };
}

/** Without the prefix that Go puts before IPv4 addresses in 16 bytes. */
function plain(address: Uint8Array): Uint8Array {
  return address.length === 16 ? unmapAddress({ bytes: address }).bytes : address;
}
