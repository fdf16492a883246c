import { accessSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot, version } from "../../src/do/assets.js";
import { attempt, run } from "../../src/do/process.js";

// The npm package of a user: packed, and installed into an empty folder without development dependencies.

const folder = mkdtempSync(join(tmpdir(), "package-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Packed {
  filename: string;
  files: { path: string }[];
}
let packed: Packed;

beforeAll(async () => {
  const pack = ["npm", "pack", "--json", "--pack-destination", folder] as const;
  const { stdout } = await run({ argv: pack, cwd: packageRoot });
  [packed] = JSON.parse(stdout) as [Packed];
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const install = ["npm", "install", "--omit=dev", "--no-audit", "--no-fund", join(folder, packed.filename)];
  await run({ argv: ["npm", ...install.slice(1)], cwd: folder, timeout: 280_000 });
}, 300_000);

/** Runs an installed program of the package. */
const installed = (program: string, ...words: string[]) =>
  attempt({ argv: [join(folder, "node_modules/.bin", program), ...words], cwd: folder, timeout: 60_000 });

test("holds nothing that only tests need", () => {
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toContain("dist/sip-proxy.js");
  expect(paths.filter((path) => /^(src|test|\.ci|findings)\/|\.test\.|vitest/.test(path))).toEqual([]);
  expect(readdirSync(join(folder, "node_modules"))).not.toContain("vitest");
});

test.each(["sip-proxy", "bake-image"])("runs: %s --version", async (program) => {
  const { exitCode, stdout } = await installed(program, "--version");
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: version() });
});

test("renders the example with what it brings along", async () => {
  const example = join(folder, "node_modules/sip-proxy-image/examples/recorders-eu.yaml");
  const words = ["KAM_DB_PASSWORD=x", "PG_ROOT_PASSWORD=y", join(folder, "node_modules/.bin/sip-proxy")];
  const { exitCode, stderr } = await attempt({
    argv: ["env", ...words, "render", example, "--out", join(folder, "out")],
    cwd: folder,
    timeout: 60_000,
  });
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(readdirSync(join(folder, "out")).length).toBeGreaterThan(1);
});

test("every part of it is a module that can be loaded", async () => {
  const parts = join(folder, "node_modules/sip-proxy-image/dist/parts");
  // bundled packages may need variables that ES modules do not have, such as __dirname
  const load = `for (const part of ${JSON.stringify(readdirSync(parts))}) await import("${parts}/" + part);`;
  const { exitCode, stderr } = await attempt({
    argv: [process.execPath, "--input-type=module", "--eval", load],
    cwd: folder,
    timeout: 60_000,
  });
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
});

test.each(["sip-proxy", "bake-image"])("a build leaves %s a program for npm link", (program) => {
  expect(() => accessSync(join(packageRoot, "dist", `${program}.js`), constants.X_OK)).not.toThrow();
});
