import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportFaults } from "../../../src/understand/report.js";
import { understand } from "../../../src/understand/understand.js";

// Each fleet file in test/errors stands beside the whole report that it must give.
const folder = join(import.meta.dirname, "../../errors");
const cases = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

test("there are at least twenty broken fleet files", () => expect(cases.length).toBeGreaterThanOrEqual(20));

test.each(cases)("%s", async (name) => {
  const { faults, source, fleet } = understand(readFileSync(join(folder, name), "utf8"), "fleet.yaml");
  const report = reportFaults(faults, source);
  await expect(report).toMatchFileSnapshot(join(folder, name.replace(/\.yaml$/, ".report")));
  expect(fleet === undefined).toBe(report.includes("error["));
});
