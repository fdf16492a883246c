import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { certificate } from "../support/certificates.js";
import { newRoot, patient, script } from "../support/host-root.js";

// Certificates on a host whose clock is set back: afterwards they start in the future.

let folder: string;
let env: { PATH: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wrong-clock-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const stub = (name: string, text: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  stub("date", 'if [ "$*" = +%s ]; then echo 1000000000; else exec /bin/date "$@"; fi');
  stub("kamcmd", "");
  env = { PATH: `${bin}:${process.env["PATH"]}` };
});
afterEach(() => rmSync(folder, { recursive: true }));

const inForce = (root: string) => readFileSync(join(root, "run/sip-proxy/tls/certificate.pem"), "utf8");

test("a self-signed certificate that has not begun is made anew, and put in force without a restart", async () => {
  const root = await newRoot(join(folder, "host"), { settings: { enable_tls: true } });
  expect(await script(root, "configure", patient)).toMatchObject({ exitCode: 0 });
  const former = inForce(root);
  const look = (more = {}) => script(root, "tls-renew", { args: ["once"], ...patient, ...more });
  expect((await look()).stdout).toBe("");
  expect(inForce(root)).toBe(former);
  expect((await look({ env })).stdout).toMatch(
    /created a self-signed certificate[^]*TLS: the new certificate is in use/,
  );
  expect(inForce(root)).not.toBe(former);
});

test("one of the fleet file is taken, with a warning: the clock may be what is wrong", async () => {
  const { cert, key } = await certificate("proxy.example.com");
  const settings = { enable_tls: true, tls_certificate: cert, tls_private_key: key };
  const root = await newRoot(join(folder, "host"), { settings });
  const { exitCode, stdout } = await script(root, "configure", { ...patient, env });
  expect(stdout).toMatch(/warning: tls_certificate is not valid yet \(notBefore=.*\), by this host's clock/);
  expect(exitCode).toBe(0);
});
