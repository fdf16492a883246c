import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { certificateScript } from "../../src/compute/operate/rotate.js";
import { packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";
import { certificate } from "../support/certificates.js";
import { newRoot, script } from "../support/host-root.js";

// What `tls rotate` sends to a host, run in a folder that stands for the host's root.

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "rotate-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a host that cannot use the new pair says so, and keeps the former one, in force and on disk", async () => {
  const [former, next] = await Promise.all([certificate("former"), certificate("next")]);
  const root = await newRoot(join(folder, "one"), {
    settings: { enable_tls: true, tls_certificate: former.cert, tls_private_key: former.key },
  });
  expect(await script(root, "configure")).toMatchObject({ exitCode: 0 });
  // stands for Kamailio, which loads what is in force
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/kamcmd"), "#!/bin/sh\n", { mode: 0o755 });
  const secrets = "etc/sip-proxy/secrets";
  const send = (certificate: string, key: string) =>
    attempt({
      argv: ["bash"],
      input: certificateScript([
        { path: `${secrets}/tls_certificate`, content: certificate, mode: 0o600 },
        { path: `${secrets}/tls_private_key`, content: key, mode: 0o600 },
      ]),
      env: {
        PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
        SIP_PROXY_ROOT: root,
        SIP_PROXY_LIB: join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy"),
        SIP_PROXY_USER: "",
      },
    });
  const kept = () =>
    ["tls_certificate", "tls_private_key"].map((name) => readFileSync(join(root, secrets, name), "utf8"));
  const inForce = () => readFileSync(join(root, "run/sip-proxy/tls/certificate.pem"), "utf8");

  const refused = await send(next.cert, former.key);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stdout + refused.stderr).toMatch(/tls_private_key/);
  expect([kept(), inForce()]).toEqual([[former.cert, former.key], former.cert]);

  const taken = await send(next.cert, next.key);
  expect(taken).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("CN = next") as string });
  expect([kept(), inForce()]).toEqual([[next.cert, next.key], next.cert]);
  expect(readdirSync(join(root, "run/sip-proxy")).filter((name) => name.startsWith("former"))).toEqual([]);
});
