import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

const src = join(import.meta.dirname, "../../src");

/** Which folders of src a folder may import from, besides itself and the files that stand in src. */
const allowed: Record<string, readonly string[]> = {
  relay: [],
  understand: ["relay"],
  compute: ["understand", "relay"],
  do: ["compute", "understand", "relay"],
  lab: ["do", "compute", "understand", "relay", "cli"],
  commands: ["cli", "do", "compute", "understand", "relay", "lab"],
  cli: ["commands", "do"],
};

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

test("imports point one way: fleet file, Fleet, artefacts, effects", () => {
  const backward = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.includes("/"))
      .filter((target) => !mayImport(file, target))
      .map((target) => `${file} imports ${target}`),
  );
  expect(backward).toEqual([]);
});

test("what is pure imports nothing that has effects", () => {
  const effects = /^(node:(fs|child_process|net|http|dgram)|execa|pg$|@aws-sdk)/;
  const impure = files
    .filter((file) => /^(relay|understand|compute)$/.test(layerOf(file)))
    .flatMap((file) =>
      specifiers(file)
        .filter((name) => effects.test(name))
        .map((name) => `${file} imports ${name}`),
    );
  expect(impure).toEqual([]);
});

function mayImport(file: string, target: string): boolean {
  const from = layerOf(file);
  const to = layerOf(target);
  return !file.includes("/") || from === to || (allowed[from] ?? []).includes(to);
}

/** A target has folders of its own for the layers: targets/NAME/compute is one with compute. */
function layerOf(file: string): string {
  return file.replace(/^targets\/[^/]+\//, "").split("/")[0] ?? "";
}

function importsOf(file: string): string[] {
  return specifiers(file)
    .filter((name) => name.startsWith("."))
    .map((name) => relative(src, normalize(join(src, dirname(file), name))));
}

function specifiers(file: string): string[] {
  const text = readFileSync(join(src, file), "utf8");
  return [...text.matchAll(/^(?:import|export) (?!type)[^;]*?from "([^"]+)"/gms)].map(
    ([, name = ""]) => name,
  );
}
