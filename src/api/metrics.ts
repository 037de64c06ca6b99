import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { LinksApi } from "#services/links-api.ts";
import type { NodeControl } from "#services/control.ts";
import type { DirectoryApi } from "#services/directory-api.ts";
import type { MembershipApi } from "#services/membership-api.ts";
import type { WhisperApi } from "#services/whisper-api.ts";

/** What Prometheus reads at /metrics: the process, the services, and what each service counts. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #control: NodeControl;

  constructor(control: NodeControl) {
    this.#control = control;
    collectDefaultMetrics({ register: this.#registry });
    this.#nodeMetrics();
    this.#peerMetrics();
    this.#interfaceMetrics();
    this.#membershipMetrics();
    this.#directoryMetrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #nodeMetrics(): void {
    const { name, version, started } = this.#control;
    const info = this.#gauge("parley_info", "The node and its version", ["node", "version", "commit"]);
    info.set({ node: name, version: version.version, commit: version.commit }, 1);
    this.#gauge("parley_started_seconds", "When the daemon started, since the Unix epoch").set(
      started / 1_000,
    );
    this.#gauge("parley_service_up", "1 while the service runs", ["service"], (gauge) => {
      for (const { name, state } of this.#control.services())
        gauge.set({ service: name }, state === "running" ? 1 : 0);
    });
    this.#gauge(
      "parley_service_restarts",
      "Starts after a failure or by an operator",
      ["service"],
      (gauge) => {
        for (const { name, restarts } of this.#control.services()) gauge.set({ service: name }, restarts);
      },
    );
  }

  #peerMetrics(): void {
    this.#gauge("parley_whisper_peers", "Known peers by state", ["state"], (gauge) => {
      for (const state of ["linked", "dialling", "waiting", "known", "held"]) gauge.set({ state }, 0);
      for (const { state } of this.#peers()) gauge.inc({ state });
    });
    const sums = [
      ["parley_whisper_queued_messages", "Messages that wait for peers", "queuedMessages"],
      ["parley_whisper_queued_bytes", "Bytes that wait for peers", "queuedBytes"],
      ["parley_whisper_sent_messages", "Messages sent to the peers that are known now", "sentMessages"],
      ["parley_whisper_received_messages", "Messages received from them", "receivedMessages"],
      ["parley_whisper_dropped_messages", "Messages that their full queues pushed out", "droppedMessages"],
    ] as const;
    for (const [name, help, field] of sums) {
      this.#gauge(name, help, [], (gauge) =>
        gauge.set(this.#peers().reduce((sum, peer) => sum + peer[field], 0)),
      );
    }
  }

  #interfaceMetrics(): void {
    this.#gauge("parley_interface_up", "1 while the interface can carry packets", ["interface"], (gauge) => {
      const links = this.#api<LinksApi>("links")?.current() ?? [];
      for (const { name, running } of links) gauge.set({ interface: name }, running ? 1 : 0);
    });
  }

  #membershipMetrics(): void {
    const status = () => this.#api<MembershipApi>("membership")?.status();
    this.#gauge(
      "parley_members",
      "Members of the cluster by state, this node included",
      ["state"],
      (gauge) => {
        const view = status();
        if (!view) return;
        for (const state of ["alive", "suspect", "failed", "left"] as const)
          gauge.set({ state }, view[state]);
      },
    );
    this.#gauge("parley_membership_health", "0 while this node's own answers are in time", [], (gauge) => {
      const view = status();
      if (view) gauge.set(view.healthScore);
    });
    this.#gauge("parley_membership_count", "What came, went and was dropped", ["what"], (gauge) => {
      for (const { name, count } of status()?.counters ?? []) gauge.set({ what: name }, count);
    });
  }

  #directoryMetrics(): void {
    const server = () => this.#api<DirectoryApi>("directory")?.server();
    this.#gauge("parley_directory_peers", "Peers in the directory that this node serves", [], (gauge) => {
      const view = server();
      if (view) gauge.set(view.peers.length);
    });
    this.#gauge(
      "parley_directory_requests",
      "Requests to this directory and what came of them, and why others were refused",
      ["outcome"],
      (gauge) => {
        for (const [outcome, count] of server()?.counters ?? []) gauge.set({ outcome }, count);
      },
    );
    this.#gauge("parley_directory_registered", "1 while a directory has this node", ["url"], (gauge) => {
      for (const { url, state } of this.#api<DirectoryApi>("directory")?.clients() ?? [])
        gauge.set({ url }, state === "registered" ? 1 : 0);
    });
  }

  #peers() {
    return this.#api<WhisperApi>("whisper")?.peers() ?? [];
  }

  /** The API of a running service; a service that does not run has nothing to count. */
  #api<Api>(name: string): Api | undefined {
    try {
      return this.#control.api(name) as Api;
    } catch {
      return undefined;
    }
  }

  #gauge(name: string, help: string, labelNames: string[] = [], collect?: (gauge: Gauge) => void): Gauge {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      ...(collect && {
        collect: () => {
          // What is gone must not be told for ever.
          gauge.reset();
          collect(gauge);
        },
      }),
    });
    return gauge;
  }
}
