import { homedir } from "node:os";
import { join } from "node:path";

/** Where a daemon keeps its data when the configuration does not say. */
export function defaultDataFolder(
  environment: NodeJS.ProcessEnv = process.env,
  uid: number | undefined = process.getuid?.(),
): string {
  if (environment.XDG_STATE_HOME) return join(environment.XDG_STATE_HOME, "parley");
  return uid === 0 ? "/var/lib/parley" : join(homedir(), ".local", "state", "parley");
}
