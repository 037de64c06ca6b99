import { createPrivateKey } from "node:crypto";
import { constants, accessSync, existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseEndpoint, parseNamedEndpoint } from "#base/endpoint.ts";
import { explain, OperatorError } from "#base/operator-error.ts";
import { connectTo } from "#api/client.ts";
import { defaultDataFolder } from "#config/default-data-folder.ts";
import { defaultSocketPath } from "#config/default-socket.ts";
import type { ParleydConfiguration } from "#doctor/configuration.ts";
import { failed, ok, warning, type Finding } from "#doctor/finding.ts";
import type { Host } from "#host/host.ts";

/** What a node with this configuration finds here: its socket, folder, ports and peers. */
export async function checkNode(
  configuration: ParleydConfiguration,
  host: Host,
): Promise<readonly Finding[]> {
  const socket = await checkSocket(configuration.api?.socket ?? defaultSocketPath());
  const runs = socket.state === "ok";
  const listens = [configuration.api?.listen, configuration.whisper?.listen].flatMap((text) => text ?? []);
  return [
    socket,
    ...checkDataFolder(resolve(configuration.node?.data ?? defaultDataFolder())),
    ...(await Promise.all(listens.map((text) => checkPort(text, runs, host)))),
    ...(await Promise.all((configuration.peers ?? []).map((text) => checkPeer(text, host)))),
  ];
}

async function checkSocket(path: string): Promise<Finding> {
  try {
    const connection = await connectTo({ socket: path });
    connection.close();
    return ok("socket", `${connection.description} answers on ${path}`);
  } catch (error) {
    const { message, remedy } =
      error instanceof OperatorError ? error : { message: explain(error), remedy: "" };
    return warning("socket", message, remedy || "start parleyd");
  }
}

function checkDataFolder(path: string): Finding[] {
  // The nearest folder that there is decides whether the rest can be made.
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    return [failed("data folder", `${folder} cannot be written`, "set node.data to a folder of this user's")];
  }
  const findings = [ok("data folder", folder === path ? path : `${path} can be made`)];
  const { bavail, bsize } = statfsSync(folder);
  const megabytes = Math.floor((bavail * bsize) / 1e6);
  if (megabytes < LEAST_MEGABYTES)
    findings.push(
      warning("data folder", `only ${megabytes} MB are free there`, "make room, or set node.data"),
    );
  if (folder === path && (statSync(path).mode & 0o077) !== 0)
    findings.push(warning("data folder", "others may read it: messages are private", `chmod 700 ${path}`));
  findings.push(...checkKey(`${path}/identity.key`));
  return findings;
}

/** parleyd says more of a key when it starts; a node that has not started yet has none. */
function checkKey(path: string): Finding[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return [];
  if (!found.isFile()) return [failed("identity", `${path} is no file`, "move it away")];
  if ((found.mode & 0o077) !== 0)
    return [
      failed(
        "identity",
        `others may use the node's key ${path}: parleyd will not start`,
        `chmod 600 ${path}`,
      ),
    ];
  try {
    if (createPrivateKey(readFileSync(path)).asymmetricKeyType === "ed25519") return [ok("identity", path)];
  } catch {
    // As any other that is none.
  }
  const remedy = "put a copy of it back, or remove it, and the node gets a new identity";
  return [failed("identity", `the node's key ${path} is damaged: parleyd will not start`, remedy)];
}

async function checkPort(text: string, runs: boolean, host: Host): Promise<Finding> {
  const at = parseEndpoint(text);
  if (!at) return failed("port", `${text} is no address`, "write IP:port");
  try {
    const listener = await host.streams.listen(at, (stream) => {
      stream.close();
      return { connected() {}, data() {}, writable() {}, closed() {} };
    });
    await listener.close();
    return ok("port", `TCP ${text} is free`);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    if (runs && error.message.endsWith("in use"))
      return ok("port", `TCP ${text} is in use, as the node runs`);
    return failed("port", error.message, error.remedy);
  }
}

function checkPeer(text: string, host: Host): Promise<Finding> {
  const to = parseNamedEndpoint(text);
  if (!to) return Promise.resolve(failed("peer", `${text} is no address`, "write IP:port or host:port"));
  return new Promise((settle) => {
    const end = (finding: Finding): void => {
      cancel();
      stream.close();
      settle(finding);
    };
    const unreachable = (why: string): void =>
      end(
        warning(
          "peer",
          `${text} does not answer: ${why}`,
          "see that it runs, and that no firewall is between",
        ),
      );
    const cancel = host.clock.at(host.clock.now() + PEER_LIMIT_MS, () => unreachable("timed out"));
    const stream = host.streams.dial(to, {
      connected: () => end(ok("peer", `${text} answers`)),
      data: () => {},
      writable: () => {},
      closed: (error) => unreachable(error ?? "closed"),
    });
  });
}

const LEAST_MEGABYTES = 100;
const PEER_LIMIT_MS = 2_000;
