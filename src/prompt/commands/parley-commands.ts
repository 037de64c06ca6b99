import { connect, disconnect, say } from "#prompt/commands/chat.ts";
import { DIRECTORY_COMMANDS } from "#prompt/commands/directory.ts";
import { IP_OSPF_COMMANDS } from "#prompt/commands/ip-ospf-commands.ts";
import { MEMBERSHIP_COMMANDS } from "#prompt/commands/membership-commands.ts";
import { exit, quit, reload, restart, shutdown } from "#prompt/commands/operate.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { responderStart, responderStop } from "#prompt/commands/responders.ts";
import { showConfig } from "#prompt/commands/show-config.ts";
import { showIdentity } from "#prompt/commands/show-identity.ts";
import { showInterfaces } from "#prompt/commands/show-interfaces.ts";
import { IP_ROUTE_COMMANDS } from "#prompt/commands/show-ip-route.ts";
import { searchLog, showLog } from "#prompt/commands/show-log.ts";
import { showMessages } from "#prompt/commands/show-messages.ts";
import { showCaptures, showResponders } from "#prompt/commands/show-packets.ts";
import { showPeers } from "#prompt/commands/show-peers.ts";
import { showProcesses, showServices } from "#prompt/commands/show-services.ts";
import { showVersion } from "#prompt/commands/show-version.ts";
import { showWhy } from "#prompt/commands/show-why.ts";
import { bindCommands, type Command } from "#prompt/grammar.ts";

/** Parley's own commands, for terminal, scripts and console. */
export function parleyCommands(context: ParleyContext): readonly Command[] {
  return bindCommands(
    [
      showVersion,
      showServices,
      showProcesses,
      showConfig,
      showInterfaces,
      ...IP_ROUTE_COMMANDS,
      ...IP_OSPF_COMMANDS,
      showLog,
      searchLog,
      showIdentity,
      showPeers,
      ...MEMBERSHIP_COMMANDS,
      showMessages,
      showWhy,
      ...DIRECTORY_COMMANDS,
      showCaptures,
      showResponders,
      responderStart,
      responderStop,
      say,
      connect,
      disconnect,
      restart,
      reload,
      shutdown,
      exit,
      quit,
    ],
    context,
  );
}
