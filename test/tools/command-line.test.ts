import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { packageRoot, version } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";

// The programs, started from a shell.

const folder = mkdtempSync(join(tmpdir(), "command-line-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dist = join(packageRoot, "dist");
const shell = (script: string) =>
  attempt({ argv: ["bash", "-o", "pipefail", "-c", script], cwd: dist, timeout: 240_000 });

test("a reader that has enough of the output ends it without a word", async () => {
  const { exitCode, stdout, stderr } = await shell("node sip-proxy.js schema | head -1");
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "{", stderr: "" });
});

test.each(["sip-proxy", "bake-image"])("%s tells its name, its version and its exit codes", async (name) => {
  expect((await shell(`node ${name}.js --version`)).stdout).toBe(version());
  const { exitCode, stdout } = await shell(`node ${name}.js --help`);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Usage: ${name} \\[options\\]`));
  expect(stdout).toContain("Exit codes: 0 success;");
});

test("`validate --json` tells faults as data, with their places", async () => {
  writeFileSync(join(folder, "fleet.yaml"), "fleet: x\nsettings: { sip_tcp_port: 0 }\nrecorders: {}\n");
  const { exitCode, stdout, stderr } = await shell(`node sip-proxy.js validate ${folder}/fleet.yaml --json`);
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
  const { valid, faults } = JSON.parse(stdout) as { valid: boolean; faults: object[] };
  expect(valid).toBe(false);
  expect(faults).toContainEqual({
    path: "$.settings.sip_tcp_port",
    line: 2,
    column: 27,
    severity: "error",
    message: "must be a whole number from 1 to 65535; got 0",
  });
});
