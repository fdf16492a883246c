import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";
import { schemaFaults } from "../support/grafana-schema.js";
import { PATIENCE } from "../support/slack.js";

// The package's rules and scrape configuration, checked by Prometheus' own tools.

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

interface Panel {
  id: number;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { expr: string }[];
}
const text = readFileSync(join(folder, "dashboard.json"), "utf8");
const dashboard = JSON.parse(text) as { panels: Panel[] };

test(
  "the dashboard is as Grafana's schema wants it",
  () => {
    const [own, ...broken] = schemaFaults([
      text,
      text.replace('"colorMode": "value"', '"colorMode": "values"'),
      text.replace('"unit": "short"', '"units": "short"'),
      text.replace('"showLegend": true', '"showLegend": "yes"'),
      text.replace('"type": "query"', '"type": "question"'),
    ]);
    expect(own).toEqual([]);
    expect(broken.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  },
  PATIENCE,
);

test("Prometheus takes every query of the dashboard, once Grafana has filled in its variables", async () => {
  const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const rules = queries.map((expr, index) => ({
    record: `query:${index}`,
    expr: expr.replaceAll("$__rate_interval", "2m").replaceAll("$instance", ".*"),
  }));
  expect(rules.filter(({ expr }) => expr.includes("$"))).toEqual([]);
  const input = JSON.stringify({ groups: [{ name: "dashboard", rules }] });
  // promtool reads only files
  const argv = ["sh", "-c", "cat | promtool check rules /dev/stdin"] as const;
  const { exitCode, stdout, stderr } = await attempt({ argv, input });
  expect(exitCode, stdout + stderr).toBe(0);
  expect(stdout).toContain(`${rules.length} rules found`);
});

test("no panel of the dashboard lies on another", () => {
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
});

test("every alert says what to do; alerts and dashboard speak of metrics that hosts have", () => {
  const runbook = readFileSync(join(packageRoot, "docs/monitoring.md"), "utf8");
  expect(alerts.filter((name) => !runbook.includes(`### ${name}\n`))).toEqual([]);
  const sources = [
    "templates/rootfs/etc/kamailio/sip-proxy/http.cfg",
    "cloud-init/rootfs/usr/lib/sip-proxy/exporter",
  ].map((file) => readFileSync(join(packageRoot, file), "utf8"));
  const named = ["alerts.yml", "dashboard.json"].flatMap(
    (file) => readFileSync(join(folder, file), "utf8").match(/sip_proxy_\w+/g) ?? [],
  );
  const known = (name: string) => {
    const family = name.replace(/_(bucket|sum|count)$/, "");
    return sources.some(
      (text) =>
        text.includes(`# HELP ${family} `) || text.includes(`family ${family.slice("sip_proxy_".length)} `),
    );
  };
  expect(named.filter((name) => !known(name))).toEqual([]);
});
