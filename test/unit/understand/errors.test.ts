import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportFaults } from "../../../src/understand/report.js";
import { understand } from "../../../src/understand/understand.js";

// Each fleet file in test/errors has its complete expected report beside it.
const folder = join(import.meta.dirname, "../../errors");
const cases = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

test("there are at least twenty broken fleet files", () => expect(cases.length).toBeGreaterThanOrEqual(20));

test("a report of thousands of faults is quick", () => {
  const recorders = Array.from({ length: 5000 }, (_, i) => `  r${i}: { private_ip_address: 10.0.0.${i} }\n`);
  const { faults, source } = understand(
    `fleet: many\ndatabase: { dbhost: x, dbpass_kam: ab }\nrecorders:\n${recorders.join("")}`,
    "x",
  );
  // CPU time of this process: the machine may be busy
  const began = process.cpuUsage();
  const report = reportFaults(faults, source);
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1e6).toBeLessThan(2);
  expect(report).toContain("x:5003:32");
});

test.each(cases)("%s", async (name) => {
  const { faults, source, fleet } = understand(readFileSync(join(folder, name), "utf8"), "fleet.yaml");
  const report = reportFaults(faults, source);
  await expect(report).toMatchFileSnapshot(join(folder, name.replace(/\.yaml$/, ".report")));
  expect(fleet === undefined).toBe(report.includes("error["));
});
