import { z } from "zod";
import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { endpointText, limit } from "#config/schema.ts";
import { advertisedAddress } from "#services/advertised-address.ts";
import { drive } from "#services/drive.ts";
import { identity } from "#services/identity.ts";
import { peers } from "#services/peers.ts";
import { service, type NodeHost } from "#services/service.ts";
import type { WhisperApi } from "#services/whisper-api.ts";
import { WhisperBook } from "#services/whisper-book.ts";
import { WhisperDesk } from "#services/whisper-desk.ts";
import type { WhisperCommand, WhisperEvent, WhisperSetup } from "#whisper/io.ts";
import { DEFAULT_LIMITS } from "#whisper/limits.ts";
import { Whisper } from "#whisper/whisper.ts";

const config = z
  .strictObject({
    listen: endpointText()
      .optional()
      .meta({ description: "Where peers dial us; without it this node can speak but not hear" }),
    advertise: endpointText()
      .optional()
      .meta({ description: "The address that others are told; needed behind address translation" }),
    nick: z
      .string()
      .min(1, "is empty; leave it out to use the node's name")
      .max(DEFAULT_LIMITS.nickLength)
      .optional()
      .meta({ description: "The name that others see" }),
    links: limit(1, 4_096, DEFAULT_LIMITS.wantedLinks).meta({
      description: "Outgoing connections that the node looks for itself",
    }),
  })
  .prefault({});

/** The whispering gophers' network on this node. */
export const whisper = service({
  name: "whisper",
  type: "Whisper",
  needs: { identity, peers },
  config,
  listens: ({ listen }) => (listen ? [{ key: "whisper.listen", transport: "tcp", endpoint: listen }] : []),
  async start(host, { listen, advertise, nick, links }, needs): Promise<WhisperApi> {
    const limits = {
      ...DEFAULT_LIMITS,
      wantedLinks: links,
      maximumLinks: Math.max(links, DEFAULT_LIMITS.maximumLinks),
    };
    const name = nick ?? host.node.name;
    const configured = needs.peers.configured("whisper");
    let desk: WhisperDesk | undefined;
    let book: WhisperBook | undefined;
    const driver = await drive<WhisperCommand, WhisperEvent>(
      host,
      { streams: listen, event: (event) => desk?.take(event) },
      ({ streams }) => {
        const address = ownAddress(host, streams, advertise);
        const setup: WhisperSetup = { address, nick: name, peers: configured, limits };
        const random = host.random.fork();
        const recorder = host.record("whisper", { setup, random: random.state() });
        const core = new Whisper(setup, random);
        const push = (command: WhisperCommand): void => driver.push(command);
        desk = new WhisperDesk(host, core, setup, push);
        book = new WhisperBook(host, core, needs.peers, configured, push);
        return { core, recorder };
      },
    );
    if (!listen) host.log.publish("warn", "no whisper.listen: this node can speak, but nobody can reach it");
    else
      host.log.publish("info", `listening on ${formatEndpoint(driver.places.streams!)} as ${desk!.address}`);
    needs.identity.announce("whisper", desk!.address, host.signal);
    desk!.holdAgain();
    book!.start();
    return desk!;
  },
});

function ownAddress(host: NodeHost, at: Endpoint | undefined, advertise: Endpoint | undefined): string {
  if (!at) return advertise ? formatEndpoint(advertise) : "";
  const own = advertise ?? advertisedAddress(at, host.links.addresses());
  return formatEndpoint(own.port === 0 ? { ...own, port: at.port } : own);
}
