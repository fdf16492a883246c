import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Manifest } from "../../src/do/bake/image-store.js";
import { run } from "../../src/do/process.js";
import { changedPackage } from "../support/changed-package.js";
import { cli, writeFleet } from "../support/demo-image.js";

const folder = mkdtempSync(join(tmpdir(), "bake-again-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bake(program: readonly [string, string]) {
  const words = ["bake", writeFleet(folder), "--target", "local", "--builder", "container", "--json"];
  const { stdout } = await run({
    argv: [...program, ...words],
    env: { XDG_DATA_HOME: folder },
    timeout: 1_700_000,
  });
  return JSON.parse(stdout) as { path: string; reused: boolean; manifest: Manifest };
}

test("a bake in which only our files have changed installs no package again, and takes the new files", async () => {
  const first = await bake(cli);
  const again = await bake(changedPackage(folder, "install-files.sh", "step 'the new line is run'"));
  expect(again.reused).toBe(false);
  expect(again.path).not.toBe(first.path);
  const titles = again.manifest.seconds.steps.map(({ title }) => title);
  expect(titles).toContain("verifying");
  expect(titles).not.toContain("installing Kamailio");
  expect(again.manifest.contents).toEqual({
    ...first.manifest.contents,
    usedKiB: expect.any(Number) as number,
  });
  const log = readFileSync(join(dirname(again.path), "bake.log"), "utf8");
  expect(log).toContain("the new line is run");
  expect(log).not.toMatch(/Setting up |Unpacking /);
});
