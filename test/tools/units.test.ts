import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";

// The image's units, checked with systemd itself.

const root = mkdtempSync(join(tmpdir(), "units-"));
const folder = join(root, "etc/systemd/system");
/** Instances instead of templates, because systemd cannot check a template completely. */
const units = readdirSync(join(packageRoot, "cloud-init/rootfs/etc/systemd/system"))
  .filter((name) => name.endsWith(".service"))
  .map((name) => name.replace("@.", "@1."));

beforeAll(() => {
  cpSync(join(packageRoot, "cloud-init/rootfs"), root, { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true }));

test("systemd knows every directive of the units", async () => {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".service"))
    .map((name) => {
      const file = join(folder, name.replace("@.", "@1."));
      if (!file.endsWith(name)) cpSync(join(folder, name), file);
      return file;
    });
  const { stderr } = await attempt({
    argv: ["systemd-analyze", "verify", "--man=no", "--generators=no", ...files],
  });
  const complaints = stderr
    .split("\n")
    .filter((line) => /Unknown|Failed to parse|Invalid|ignoring/i.test(line));
  expect(complaints).toEqual([]);
});

test("units with a command before their main process have their own limit for the start, longer than systemd's 90 s", () => {
  const read = units.map((name) => readFileSync(join(folder, name.replace("@1.", "@.")), "utf8"));
  const limits = read
    .filter((text) => text.includes("\nExecStartPre="))
    .map((text) => /^TimeoutStartSec=(\S+)$/m.exec(text)?.[1]);
  expect(limits.length).toBeGreaterThan(0);
  for (const limit of limits) expect(["infinity", "5min"]).toContain(limit);
});

test("the groups that units name are in every image, whichever relay it has: without one a unit does not start", () => {
  const texts = (path: string) =>
    readdirSync(join(packageRoot, path), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(conf|service|sh)$/.test(name))
      .map((name) => readFileSync(join(packageRoot, path, name), "utf8"))
      .join("\n");
  const named = [...texts("cloud-init/rootfs/etc/systemd").matchAll(/^SupplementaryGroups=(.+)$/gm)];
  const groups = new Set(named.flatMap(([, names = ""]) => names.split(" ")));
  expect(groups.size).toBeGreaterThanOrEqual(3);
  const made = texts("packer");
  for (const group of groups)
    expect(made).toMatch(new RegExp(`(^|\\s)(has_group|adduser .*--group.*) ${group}$`, "m"));
});

/** Maximum of `systemd-analyze security` for each unit, out of 10. A unit's 20-rights.conf explains the rights that it needs. */
const exposure: Record<string, number> = {
  "kamailio.service": 1.9,
  "rtpengine@1.service": 1.8,
  "rtpproxy@1.service": 1.8,
  "sip-proxy-added.service": 1.9,
  "sip-proxy-call-watch.service": 1.3,
  "sip-proxy-configure.service": 1.9,
  "sip-proxy-database.service": 2.0,
  "sip-proxy-dispatcher-sync.service": 2.0,
  "sip-proxy-dns.service": 1.5,
  "sip-proxy-exporter.service": 1.8,
  "sip-proxy-first-boot.service": 1.1,
  "sip-proxy-health.service": 1.5,
  "sip-proxy-lifecycle.service": 1.8,
  "sip-proxy-media.service": 2.0,
  "sip-proxy-metrics.service": 1.5,
  "sip-proxy-new-user-data.service": 0.9,
  "sip-proxy-relay-watch.service": 2.0,
  "sip-proxy-selftest.service": 2.0,
  "sip-proxy-tls-renew.service": 1.9,
  "sip-proxy-user-data.service": 1.4,
};

test("every unit has a limit of its own", () => {
  expect(units.sort()).toEqual(Object.keys(exposure).sort());
});

test.each(units)("%s has no more rights than it uses", async (unit) => {
  const { stdout, stderr } = await attempt({
    argv: ["systemd-analyze", "security", "--offline=yes", `--root=${root}`, "--no-pager", unit],
  });
  const [, figure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? expect.fail(stdout + stderr);
  expect(Number(figure), stdout).toBeLessThanOrEqual(exposure[unit] ?? 0);
});
