import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot, readAsset } from "../../src/do/assets.js";
import { longest } from "../support/longest-first.js";
import { tiers } from "../support/tiers.js";

test("npm test runs every tier but those that run apart", () => {
  const { scripts } = JSON.parse(readAsset("package.json")) as { scripts: { test: string } };
  const named = [...scripts.test.matchAll(/--project (\S+)/g)].map(([, name]) => name);
  // by name, because Vitest runs a project that matches any pattern: two patterns with "!" would exclude nothing
  expect(named).toEqual(tiers.map(({ name }) => name).filter((name) => !["browser", "vm"].includes(name)));
});

test("the files that begin first exist", () => {
  const folder = join(packageRoot, "test");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const names = new Set(files.map((file) => basename(file, ".test.ts")));
  expect(longest.filter((name) => !names.has(name))).toEqual([]);
});

test("files with stand-ins for modules load modules anew, and leave none behind: loaded ones stay for the next file", () => {
  const folder = join(packageRoot, "test");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".test.ts"),
  );
  const texts = files.map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
  const replacing = texts.filter(({ text }) => /^vi\.mock\(/m.test(text));
  expect(replacing.length).toBeGreaterThan(0);
  const lacking = replacing.filter(
    ({ text }) =>
      !/^vi\.hoisted\(\(\) => vi\.resetModules\(\)\)/m.test(text) ||
      !/^afterAll\(.*resetModules\(\)/m.test(text),
  );
  expect(lacking.map(({ name }) => name)).toEqual([]);
});
