import { broadcastAdd, broadcastDelete, showBroadcasts } from "#prompt/commands/broadcasts.ts";
import { chatJoin, chatLeave, showChat } from "#prompt/commands/chat-presence.ts";
import { keyringInstall, keyringList, keyringRemove, keyringUse } from "#prompt/commands/keyring.ts";
import { event, join, leave, query, showRoundTrip } from "#prompt/commands/membership.ts";
import { showMembers, showMembersDetail } from "#prompt/commands/show-members.ts";
import { showMembership } from "#prompt/commands/show-membership.ts";

/** Who is in the cluster, and what its members tell each other. */
export const MEMBERSHIP_COMMANDS = [
  showMembers,
  showMembersDetail,
  showMembership,
  showRoundTrip,
  showBroadcasts,
  showChat,
  join,
  leave,
  event,
  query,
  keyringList,
  keyringInstall,
  keyringUse,
  keyringRemove,
  broadcastAdd,
  broadcastDelete,
  chatJoin,
  chatLeave,
];
