import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { fleetJsonSchema } from "../../../src/understand/json-schema.js";
import { understand } from "../../../src/understand/understand.js";

const root = join(import.meta.dirname, "../../..");
const examples = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".yaml"));
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const check = ajv.compile(fleetJsonSchema());

test.each(examples)("the example %s is valid, and the editor's schema thinks so too", (name) => {
  const text = readFileSync(join(root, "examples", name), "utf8");
  expect(understand(text, name).faults.filter(({ severity }) => severity !== "warning")).toEqual([]);
  expect(check(load(text)), JSON.stringify(check.errors)).toBe(true);
});

test.each(examples)("the example %s tells editors where the schema lies", (name) => {
  const [first = ""] = readFileSync(join(root, "examples", name), "utf8").split("\n");
  const [, path = ""] = /^# yaml-language-server: \$schema=(\S+)$/.exec(first) ?? [];
  expect(JSON.parse(readFileSync(join(root, "examples", path), "utf8"))).toEqual(fleetJsonSchema());
});

test.each(["unknown-keys", "missing", "wrong-values", "wrong-shapes"])(
  "the schema refuses test/errors/%s.yaml",
  (name) => {
    expect(check(load(readFileSync(join(root, "test/errors", `${name}.yaml`), "utf8")))).toBe(false);
  },
);
