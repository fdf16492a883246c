import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";

// What Prometheus itself says of the rules and the scrape configuration that the package ships.

const folder = join(packageRoot, "docs/monitoring");
const promtool = (...words: string[]) => attempt({ argv: ["promtool", ...words], cwd: folder });
const alerts = [...readFileSync(join(folder, "alerts.yml"), "utf8").matchAll(/- alert: (\w+)/g)].map(
  ([, name = ""]) => name,
);

test("every alert fires when it should, and for no host that is well", async () => {
  const { exitCode, stdout, stderr } = await promtool("test", "rules", "alerts-test.yml");
  expect(exitCode, stdout + stderr).toBe(0);
  const tried = readFileSync(join(folder, "alerts-test.yml"), "utf8");
  expect(alerts.filter((name) => !tried.includes(`alertname: ${name}`))).toEqual([]);
});

test("Prometheus takes the scrape configuration", async () => {
  const { exitCode, stdout, stderr } = await promtool("check", "config", "prometheus.yml");
  expect(exitCode, stdout + stderr).toBe(0);
});

test("every alert says what to do, and speaks of metrics that hosts have", () => {
  const runbook = readFileSync(join(packageRoot, "docs/monitoring.md"), "utf8");
  expect(alerts.filter((name) => !runbook.includes(`### ${name}\n`))).toEqual([]);
  const sources = [
    "templates/rootfs/etc/kamailio/sip-proxy/http.cfg",
    "cloud-init/rootfs/usr/lib/sip-proxy/exporter",
  ].map((file) => readFileSync(join(packageRoot, file), "utf8"));
  const named = readFileSync(join(folder, "alerts.yml"), "utf8").match(/sip_proxy_\w+/g) ?? [];
  const known = (name: string) =>
    sources.some(
      (text) =>
        text.includes(`# HELP ${name} `) || text.includes(`family ${name.slice("sip_proxy_".length)} `),
    );
  expect(named.filter((name) => !known(name))).toEqual([]);
});
