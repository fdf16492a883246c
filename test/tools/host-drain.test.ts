import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { start } from "../../src/do/process.js";
import { tagKey } from "../../src/targets/ec2/compute/names.js";
import { eventually } from "../support/eventually.js";
import { replaceFile } from "../support/replace-file.js";

let folder: string;
let said: string[];
let agent: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "host-drain-"));
  said = [];
  cpSync(join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy"), join(folder, "lib"), { recursive: true });
  // stand-ins for the metadata service and Kamailio
  writeFileSync(
    join(folder, "lib/metadata.sh"),
    `imds_get() { case $1 in
      meta-data/instance-id) echo i-1 ;;
      meta-data/tags/instance/${tagKey.drain}) if [[ -e ${folder}/tag ]]; then cat ${folder}/tag; else return 4; fi ;;
      *) return 4 ;; esac; }\n`,
  );
  mkdirSync(join(folder, "bin"));
  const kamcmd = `#!/bin/sh\ncase $1 in dlg.*) echo "all: $(cat ${folder}/calls)" ;; *) echo "$@" >>${folder}/asked ;; esac\n`;
  writeFileSync(join(folder, "bin/kamcmd"), kamcmd, { mode: 0o755 });
  for (const path of ["root/etc/sip-proxy", "root/run/sip-proxy", "root/var/lib/sip-proxy"])
    mkdirSync(join(folder, path), { recursive: true });
  const env = [
    "KIND=proxy",
    "DRAIN_LIMIT=600",
    "RELAY_UNITS=",
    "RELAY_CONTROLS=",
    "RELAY_PROTOCOL=ng",
    "RELAY_SESSIONS_PER_CALL=1",
  ];
  writeFileSync(join(folder, "root/etc/sip-proxy/host.env"), `${env.join("\n")}\n`);
  writeFileSync(join(folder, "root/run/sip-proxy/ready"), "");
  calls(2);
  boot();
});
afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true });
});

const calls = (number: number) => replaceFile(join(folder, "calls"), `${number}\n`);
const tag = (value: string) => replaceFile(join(folder, "tag"), value);
const asked = () => readFileSync(join(folder, "asked"), "utf8").trim().split("\n").at(-1);
const hears = (line: string | RegExp) =>
  eventually(() => Promise.resolve(expect(said).toContainEqual(expect.stringMatching(line))));

function boot(): void {
  const argv: [string, string] = ["bash", join(folder, "lib/lifecycle")];
  const env = {
    PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
    SIP_PROXY_LIB: join(folder, "lib"),
    SIP_PROXY_ROOT: join(folder, "root"),
    SIP_PROXY_LOOK: "0.1",
  };
  agent = start({ argv, env }, { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [agent.stdout, agent.stderr])
    if (stream) createInterface({ input: stream }).on("line", (line) => said.push(line));
}

async function end(): Promise<void> {
  if (!agent || agent.exitCode !== null || agent.signalCode !== null) return;
  const ended = once(agent, "exit");
  agent.kill("SIGKILL");
  await ended;
}

test("a host of no group drains for its tag, says when no call is left, and takes calls again without it", async () => {
  tag("2026-11-28T12:00:00.000Z");
  await hears("draining: requested by sip-proxy (2026-11-28T12:00:00.000Z)".replace(/[()]/g, "\\$&"));
  await hears("calls left: 2");
  expect(asked()).toBe("cfg.set_now_int proxy draining 1");
  calls(0);
  await hears(/drained: no calls are left \(2026-11-28T12:00:00\.000Z\)/);
  rmSync(join(folder, "tag"));
  await hears("accepting calls again");
  expect(asked()).toBe("cfg.set_now_int proxy draining 0");
  // the line appears once
  expect(said.filter((line) => line.includes("drained:"))).toHaveLength(1);
});

test("the tag taken away in the middle, or while the host was off, undoes it", async () => {
  tag("one");
  await hears("calls left: 2");
  rmSync(join(folder, "tag"));
  await hears("accepting calls again");

  said = [];
  tag("two");
  await hears("calls left: 2");
  await end();
  rmSync(join(folder, "tag"));
  said = [];
  boot();
  await hears("accepting calls again");
});

test("a drain that an operator has begun by hand outlives the tag", async () => {
  writeFileSync(join(folder, "root/var/lib/sip-proxy/draining"), "1\n");
  calls(0);
  tag("one");
  await hears(/drained: no calls are left \(one\)/);
  rmSync(join(folder, "tag"));
  tag("two");
  await hears(/drained: no calls are left \(two\)/);
  expect(said).not.toContainEqual(expect.stringContaining("accepting calls again"));
});
