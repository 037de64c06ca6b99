import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { formatEndpoint } from "#base/endpoint.ts";
import type { Finding } from "#doctor/finding.ts";
import { checkBuffers, checkCapabilities, checkNode as checkRuntime } from "#doctor/machine-checks.ts";
import { checkNode } from "#doctor/node-checks.ts";
import { readConfiguration } from "#doctor/configuration.ts";
import { toPem } from "#services/identity-key.ts";
import { systemHost } from "#system/host.ts";

const textOf = ({ check, state, detail }: Finding) => `${state} ${check}: ${detail}`;

test("every finding that is not ok has a remedy, and no other", async () => {
  const findings = [
    checkRuntime("26.1.0"),
    checkRuntime("20.3.1"),
    ...checkCapabilities("CapEff:\t0000000000003400\n"),
    ...checkCapabilities("CapEff:\t0000000000000400\n"),
    ...checkCapabilities(""),
    checkBuffers(212_992, false),
    checkBuffers(212_992, true),
    checkBuffers(16_777_216, false),
    checkBuffers(Number.NaN, false),
  ];
  for (const { state, remedy, detail } of findings) assert.equal(remedy === "", state === "ok", detail);
  assert.deepEqual(
    findings.map(({ state }) => state),
    [
      "ok",
      "failed",
      "ok",
      "ok",
      "ok",
      "ok",
      "warning",
      "warning",
      "warning",
      "warning",
      "ok",
      "ok",
      "warning",
    ],
  );
});

test("socket, folder, ports and peers of a configuration are looked at", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-doctor-"));
  const host = systemHost();
  const silent = { connected() {}, data() {}, writable() {}, closed() {} };
  const listener = await host.streams.listen({ host: "127.0.0.1", port: 0 }, () => silent);
  const taken = formatEndpoint(listener.local);
  try {
    const findings = await checkNode(
      {
        node: { data: join(folder, "deep", "data") },
        api: { socket: join(folder, "none.sock"), listen: "127.0.0.1:0" },
        whisper: { listen: taken },
        peers: [taken, "127.0.0.1:1"],
      },
      host,
    );
    assert.deepEqual(findings.map(textOf), [
      `warning socket: no parleyd answers on ${join(folder, "none.sock")}`,
      `ok data folder: ${join(folder, "deep", "data")} can be made`,
      "ok port: TCP 127.0.0.1:0 is free",
      `failed port: cannot listen on TCP ${taken}: the address is in use`,
      `ok peer: ${taken} answers`,
      "warning peer: 127.0.0.1:1 does not answer: ECONNREFUSED",
    ]);
    for (const { state, remedy } of findings) assert.equal(remedy === "", state === "ok");
  } finally {
    await listener.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the node's key is looked at as parleyd will: missing, good, open to others, damaged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-doctor-"));
  const path = join(folder, "identity.key");
  const configuration = { node: { data: folder }, api: { socket: join(folder, "none.sock") } };
  const said = async (): Promise<string[]> => {
    const findings = await checkNode(configuration, systemHost());
    return findings.filter(({ check }) => check === "identity").map(textOf);
  };
  try {
    assert.deepEqual(await said(), []);
    writeFileSync(path, toPem(new Uint8Array(32).fill(7)), { mode: 0o600 });
    assert.deepEqual(await said(), [`ok identity: ${path}`]);
    chmodSync(path, 0o640);
    assert.deepEqual(await said(), [
      `failed identity: others may use the node's key ${path}: parleyd will not start`,
    ]);
    chmodSync(path, 0o600);
    writeFileSync(path, "nothing");
    assert.deepEqual(await said(), [
      `failed identity: the node's key ${path} is damaged: parleyd will not start`,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the configuration is parleyd's own reading of it", async () => {
  const good = await readConfiguration(["-s", "whisper.listen=127.0.0.1:5"]);
  assert.deepEqual(good.findings.map(textOf), ["ok configuration: good: whisper"]);
  assert.equal(good.configuration.whisper?.listen, "127.0.0.1:5");
  const bad = await readConfiguration(["-s", "whisper.listen=5", "-s", "nothing.x=1"]);
  assert.equal(bad.findings.length, 2);
  for (const { state, remedy } of bad.findings) assert.deepEqual([state, remedy === ""], ["failed", false]);
});
