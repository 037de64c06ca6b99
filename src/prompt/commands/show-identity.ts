import { toHex } from "#base/hex.ts";
import { formatDuration } from "#base/duration.ts";
import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";
import { isoTime, toMs } from "#prompt/times.ts";

export const showIdentity = command<ParleyContext>()("show identity", {
  help: ["Show running system information", "Who this node is, and what it says of itself"],
  async run({ client, now }, _args, call) {
    const identity = await (await client()).peers.getIdentity({}, call);
    const { name, fingerprint, publicKey, sequence, expires, services, lobby, announcement } = identity;
    const left = (toMs(expires) ?? now()) - now();
    const value = {
      name,
      fingerprint,
      publicKey: toHex(publicKey),
      sequence: Number(sequence),
      expires: isoTime(expires),
      services: services.map(({ kind, address }) => ({ kind, address })),
      lobby,
      announcement: toHex(announcement),
    };
    return linesAnswer(value, [
      `${name} is ${fingerprint}.`,
      `Public key (Ed25519): ${toHex(publicKey)}`,
      `Announcement ${sequence}: ${announcement.length} bytes, valid for ${formatDuration(left)}, renewed before.`,
      ...services.map(({ kind, address }) => `  ${kind} at ${address}`),
      ...(services.length === 0 ? ["  no service that others could reach"] : []),
      ...(lobby ? ["  present in the lobby"] : []),
    ]);
  },
});
