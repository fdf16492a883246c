import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

const src = join(import.meta.dirname, "../../src");

/**
 * The layers that a layer may import from, besides itself and the files directly in src. "target" is the registry's part of the targets:
 * settings, rules and requests, without effects.
 */
const allowed: Record<string, readonly string[]> = {
  relay: [],
  understand: ["relay", "target"],
  target: ["compute", "understand"],
  compute: ["relay", "target", "understand"],
  do: ["compute", "relay", "target", "understand"],
  lab: ["do", "compute", "relay", "understand", "cli"],
  commands: ["cli", "do", "compute", "relay", "target", "understand", "lab"],
  cli: ["commands", "do", "target"],
  // runs in a browser
  page: [],
};

const effects = /^(node:(fs|child_process|net|http|dgram)|execa|pg$|@aws-sdk)/;

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

test("imports point one way: fleet file, Fleet, artefacts, effects", () => {
  const backward = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => imported.includes("/"))
      .filter((imported) => !mayImport(file, imported))
      .map((imported) => `${file} imports ${imported}`),
  );
  expect(backward).toEqual([]);
});

test("what is pure loads nothing that has effects, by whatever way", () => {
  const impure = files
    .filter((file) => /^(relay|understand|target|compute)$/.test(layerOf(file)))
    .flatMap((file) =>
      [...loadedBy(file)].flatMap((loaded) =>
        specifiers(loaded)
          .filter((name) => effects.test(name))
          .map((name) => `${file} loads ${name} with ${loaded}`),
      ),
    );
  expect(impure).toEqual([]);
});

test("the command line starts without the AWS SDK", () => {
  const loaded = [...loadedBy("cli/main.ts")];
  expect(loaded).toContain("targets/registry.ts");
  expect(loaded.filter((file) => specifiers(file).some((name) => name.startsWith("@aws-sdk")))).toEqual([]);
});

test("a target is one folder, which only the registry and its own files know", () => {
  const known = files
    .filter((file) => !mayKnowTargets(file))
    .flatMap((file) =>
      [...importsOf(file), ...importsOf(file, typeImport), ...importsOf(file, lazyImport)]
        .filter((imported) => targetOf(imported) !== undefined && targetOf(imported) !== targetOf(file))
        .map((imported) => `${file} imports ${imported}`),
    );
  expect(known).toEqual([]);
});

test("nobody but a target itself asks for a target by its name", () => {
  const names = new Set(files.flatMap((file) => targetOf(file) ?? []));
  expect([...names].sort()).toEqual(["ec2", "local"]);
  const name = new RegExp(`"(${[...names].join("|")})"|\\.(${[...names].join("|")})\\b`);
  const asking = files
    .filter((file) => targetOf(file) === undefined && !mayKnowTargets(file))
    .flatMap((file) =>
      codeOf(file)
        .split("\n")
        .filter((line) => name.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(asking).toEqual([]);
});

/**
 * Files that may know targets: the registry; the lab and the demonstration, each about one target; and the parts of this machine's
 * containers and VMs.
 */
function mayKnowTargets(file: string): boolean {
  return /^(targets\/registry\.ts$|lab\/|commands\/demo|(compute|do)\/local\/)/.test(file);
}

/** The target to whose folder a file belongs. */
function targetOf(file: string): string | undefined {
  return /^targets\/([^/]+)\//.exec(file)?.[1];
}

function mayImport(file: string, imported: string): boolean {
  const from = layerOf(file);
  const to = layerOf(imported);
  return !file.includes("/") || from === to || (allowed[from] ?? []).includes(to);
}

/** The layer of a file. A target has its own folders for layers: targets/NAME/compute belongs to compute. */
function layerOf(file: string): string {
  const [first = "", , third] = file.split("/");
  if (first !== "targets") return first;
  return third === undefined || third === "target.ts" ? "target" : third;
}

/** A file and all files that it loads. */
function loadedBy(file: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  for (const imported of importsOf(file)) loadedBy(imported, loaded);
  return loaded;
}

const plainImport = /^(?:import|export) (?!type)[^;]*?from "([^"]+)"/gms;
const typeImport = /^(?:import|export) type[^;]*?from "([^"]+)"/gms;
const lazyImport = /\bimport\("([^"]+)"\)/g;

function importsOf(file: string, kind = plainImport): string[] {
  return specifiers(file, kind)
    .filter((name) => name.startsWith("."))
    .map((name) => relative(src, normalize(join(src, dirname(file), name.replace(/\.js$/, ".ts")))));
}

function specifiers(file: string, kind = plainImport): string[] {
  return [...textOf(file).matchAll(kind)].map(([, name = ""]) => name);
}

/** A file's text without comments, and without strings of more than one word. */
function codeOf(file: string): string {
  return textOf(file)
    .replace(/\/\*.*?\*\/|(?<=^|\s)\/\/[^\n]*/gs, "")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, (text) => (/^"\w+"$/.test(text) ? text : '""'));
}

const texts = new Map<string, string>();

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(src, file), "utf8");
  texts.set(file, text);
  return text;
}
