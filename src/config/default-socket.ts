import { homedir } from "node:os";
import { join } from "node:path";

/** The socket where parleyd listens and parley looks, unless told otherwise. */
export function defaultSocketPath(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  uid: number | undefined = process.getuid?.(),
): string {
  const runtime = environment.XDG_RUNTIME_DIR;
  if (runtime) return join(runtime, "parley", "parleyd.sock");
  if (uid === 0) return "/run/parley/parleyd.sock";
  return join(environment.HOME ?? homedir(), ".parley", "parleyd.sock");
}
