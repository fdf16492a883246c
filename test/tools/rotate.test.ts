import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { certificateScript } from "../../src/compute/operate/rotate.js";
import { packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";
import { certificate } from "../support/certificates.js";
import { newRoot, script } from "../support/host-root.js";

// The script that `tls rotate` sends to a host, run with a folder as the host's root file system.

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "rotate-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const secrets = "etc/sip-proxy/secrets";

/** A host's root with a certificate and key in use, and a function that sends another pair. */
async function hostWithPair() {
  const [former, next] = await Promise.all([certificate("former"), certificate("next")]);
  const root = await newRoot(join(folder, "one"), {
    settings: { enable_tls: true, tls_certificate: former.cert, tls_private_key: former.key },
  });
  expect(await script(root, "configure")).toMatchObject({ exitCode: 0 });
  const programs = join(folder, "bin");
  mkdirSync(programs);
  const stub = (name: string, text: string) =>
    writeFileSync(join(programs, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  // stands for Kamailio, which loads the pair in use
  stub("kamcmd", "");
  const scriptFor = (certificate: string, key: string) =>
    certificateScript([
      { path: `${secrets}/tls_certificate`, content: certificate, mode: 0o600 },
      { path: `${secrets}/tls_private_key`, content: key, mode: 0o600 },
    ]);
  const run = (input: string) =>
    attempt({
      argv: ["bash"],
      input,
      env: {
        PATH: `${programs}:${process.env["PATH"] ?? ""}`,
        SIP_PROXY_ROOT: root,
        SIP_PROXY_LIB: join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy"),
        SIP_PROXY_USER: "",
      },
    }).catch(() => undefined); // the script was killed
  const kept = () =>
    ["tls_certificate", "tls_private_key"].map((name) => readFileSync(join(root, secrets, name), "utf8"));
  return { former, next, root, stub, scriptFor, run, kept };
}

test("a host that cannot use the new pair says so, and keeps the former one, in force and on disk", async () => {
  const { former, next, root, scriptFor, run, kept } = await hostWithPair();
  const send = (certificate: string, key: string) => run(scriptFor(certificate, key));
  const inForce = () => readFileSync(join(root, "run/sip-proxy/tls/certificate.pem"), "utf8");

  const refused = await send(next.cert, former.key);
  expect(refused?.exitCode).not.toBe(0);
  expect(`${refused?.stdout}${refused?.stderr}`).toMatch(/tls_private_key/);
  expect([kept(), inForce()]).toEqual([[former.cert, former.key], former.cert]);

  const taken = await send(next.cert, next.key);
  expect(taken).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("CN = next") as string });
  expect([kept(), inForce()]).toEqual([[next.cert, next.key], next.cert]);
  expect(readdirSync(join(root, "run/sip-proxy")).filter((name) => name.startsWith("former"))).toEqual([]);
});

test("a script that is cut off, or arrives in part, leaves the former pair; killed outright, no secret is missing", async () => {
  const { former, next, root, stub, scriptFor, run, kept } = await hostWithPair();
  const whole = scriptFor(next.cert, next.key);
  for (let part = 1; part < 8; part++) {
    await run(whole.slice(0, (whole.length * part) / 8));
    expect(kept()).toEqual([former.cert, former.key]);
  }
  const calls = join(folder, "calls");
  const killedAtCall = async (call: number, signal: string) => {
    writeFileSync(calls, "");
    stub(
      "base64",
      `echo >>${calls}; if [ "$(wc -l <${calls})" = ${call} ]; then kill -${signal} $PPID; fi; exec /usr/bin/base64 "$@"`,
    );
    await run(whole);
  };
  for (const call of [1, 2]) {
    await killedAtCall(call, "TERM");
    expect(kept()).toEqual([former.cert, former.key]);
  }
  for (const call of [1, 2]) {
    await killedAtCall(call, "KILL");
    const [certificate, key] = kept();
    expect([former.cert, next.cert]).toContain(certificate);
    expect([former.key, next.key]).toContain(key);
  }
  stub("base64", 'exec /usr/bin/base64 "$@"');
  const both = await Promise.all([run(whole), run(whole)]);
  expect(both.map((one) => one?.exitCode)).toEqual([0, 0]);
  expect(kept()).toEqual([next.cert, next.key]);
  expect(readdirSync(join(root, secrets)).filter((name) => name.endsWith(".ref"))).toEqual([]);
});
