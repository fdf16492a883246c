import { dump, load } from "js-yaml";
import { expect, test } from "vitest";
import { pages, readAsset } from "../../../src/do/assets.js";
import { reportFaults } from "../../../src/understand/report.js";
import { understand } from "../../../src/understand/understand.js";

// Every YAML block in the documentation must be a fleet file, or part of one that the first example completes.

const pieces = pages().flatMap((page) =>
  [...readAsset(page).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""], index) => ({
    name: `${page}, ${index + 1}`,
    text,
  })),
);
const complete = load(readAsset("examples/recorders-eu.yaml")) as Mapping;

test("there are fleet files and pieces of them", () => expect(pieces.length).toBeGreaterThan(5));

test.each(pieces)("$name is valid", ({ text }) => {
  const piece = load(text) as Mapping;
  const whole = "fleet" in piece ? text : dump(merged(complete, piece));
  const { faults, source } = understand(whole, "fleet.yaml");
  const errors = faults.filter(({ severity }) => severity !== "warning");
  expect(reportFaults(errors, source)).toBe("");
});

type Mapping = Record<string, unknown>;

/** Merges two mappings; the second one has priority. */
function merged(base: Mapping, piece: Mapping): Mapping {
  const both = Object.entries(piece).map(([key, value]) => {
    const below = base[key];
    return [key, isMapping(below) && isMapping(value) ? merged(below, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(both) };
}

const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);
