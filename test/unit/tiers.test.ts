import { expect, test } from "vitest";
import { readAsset } from "../../src/do/assets.js";
import { tiers } from "../support/tiers.js";

test("npm test runs every tier but those that run apart", () => {
  const { scripts } = JSON.parse(readAsset("package.json")) as { scripts: { test: string } };
  const named = [...scripts.test.matchAll(/--project (\S+)/g)].map(([, name]) => name);
  // by name, because Vitest runs a project that matches any pattern: two patterns with "!" would exclude nothing
  expect(named).toEqual(tiers.map(({ name }) => name).filter((name) => !["browser", "vm"].includes(name)));
});
