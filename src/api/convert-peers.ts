// From identity and the peer book to the messages of parley.v1.

import { create } from "@bufbuild/protobuf";
import { timestampOf } from "#api/convert-time.ts";
import {
  BookAddressSchema,
  BookPeerSchema,
  GetIdentityResponseSchema,
  PeerIdentitySchema,
} from "#api/gen/parley/v1/peers_pb.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import type { AddressView, IdentityView, PeerView } from "#services/peers-api.ts";

export function identityMessage(identity: IdentityApi) {
  const { name, sequence, expires, services, lobby } = identity.current();
  const { publicKey, fingerprint } = identity;
  const until = timestampOf(expires * 1_000);
  return create(GetIdentityResponseSchema, {
    name,
    fingerprint,
    publicKey,
    sequence: BigInt(sequence),
    services: services.map(({ kind, address }) => ({ kind, address })),
    lobby,
    announcement: identity.announcement(),
    ...(until && { expires: until }),
  });
}

export function bookPeerMessage({ name, identity, addresses }: PeerView) {
  return create(BookPeerSchema, {
    name,
    addresses: addresses.map(addressMessage),
    ...(identity && { identity: peerIdentityMessage(identity) }),
  });
}

function peerIdentityMessage(identity: IdentityView) {
  const { fingerprint, publicKey, sequence, inForce, lobby, origin, source } = identity;
  const expires = timestampOf(identity.expires);
  return create(PeerIdentitySchema, {
    fingerprint,
    publicKey,
    sequence: BigInt(sequence),
    inForce,
    lobby,
    origin: { kind: origin, source },
    ...(expires && { expires }),
  });
}

function addressMessage(view: AddressView) {
  const { kind, address, name, origins, report, score, failures, lastReason, alsoClaimedBy } = view;
  const times = {
    since: timestampOf(report?.since),
    lastHeard: timestampOf(view.lastHeard),
    lastLinked: timestampOf(view.lastGood),
    restsUntil: timestampOf(view.restsUntil),
  };
  return create(BookAddressSchema, {
    kind,
    address,
    name,
    origins: origins.map(({ origin, source }) => ({ kind: origin, source })),
    state: report?.state ?? "",
    reason: report?.reason ?? "",
    score,
    failures,
    lastFailure: lastReason,
    alsoClaimedBy: [...alsoClaimedBy],
    ...(times.since && { since: times.since }),
    ...(times.lastHeard && { lastHeard: times.lastHeard }),
    ...(times.lastLinked && { lastLinked: times.lastLinked }),
    ...(times.restsUntil && { restsUntil: times.restsUntil }),
  });
}
