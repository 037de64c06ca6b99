/**
 * The package export "parley/membership": a member of a cluster of HashiCorp's memberlist that only thinks. With sockets of
 * this machine: "parley/membership/node". See examples/membership-library.
 */
export type { Cipher, HashAlgorithm } from "#base/cipher.ts";
export { formatEndpoint, parseEndpoint, type Endpoint } from "#base/endpoint.ts";
export { seededRandom, type Random } from "#base/random.ts";
export type { Core } from "#machine/core.ts";
export type { ConnectionId, WorldInput, WorldOutput } from "#machine/io.ts";
export type {
  MembershipApplication,
  MembershipCommand,
  MembershipEvent,
  MembershipInput,
  MembershipOutput,
  MembershipSetup,
  MemberState,
  MemberView,
} from "#membership/io.ts";
export { DEFAULT_MEMBERSHIP_LIMITS, type MembershipLimits } from "#membership/limits.ts";
export { Membership } from "#membership/membership.ts";
export { PROFILES, type MembershipProfile, type ProfileName } from "#membership/profiles.ts";
