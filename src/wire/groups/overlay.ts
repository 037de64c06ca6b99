import type { Message } from "#packet/message.ts";
import { Area } from "#wire/area.ts";
import { Memberlist, MemberlistStream } from "#wire/memberlist/memberlist.ts";
import { Whisper } from "#wire/whisper.ts";

/** Parley's own networks: memberlist, whisper, area. */
export const overlayProtocols: readonly Message[] = [Memberlist, MemberlistStream, Whisper, Area];
