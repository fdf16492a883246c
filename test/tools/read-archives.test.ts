import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";
import { AptArchive } from "../support/apt-archive.js";

// What a bake does when apt cannot read one of several archives, such as the one with security updates.

const folder = mkdtempSync(join(tmpdir(), "read-archives-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let archive: AptArchive;
beforeAll(async () => {
  archive = await AptArchive.make(join(folder, "archive"), join(folder, "keys"));
  await archive.publish("stable", { one: { version: "1" } });
});

/** Runs the function of the baking scripts with an apt that has these archives alone. */
function read(...archives: string[]) {
  const root = join(folder, String(archives.length));
  for (const path of [
    "etc/apt/apt.conf.d",
    "etc/apt/preferences.d",
    "lists/partial",
    "cache/archives/partial",
  ])
    mkdirSync(join(root, path), { recursive: true });
  const sources = archives.map((address) => `deb [trusted=yes] ${address} stable main\n`);
  writeFileSync(join(root, "etc/apt/sources.list"), sources.join(""));
  writeFileSync(
    join(root, "apt.conf"),
    `Dir::Etc "${root}/etc/apt";\nDir::State::lists "${root}/lists";\nDir::Cache "${root}/cache";\nAPT::Sandbox::User "root";\n`,
  );
  const script = `. ${packageRoot}/packer/common.sh; read_archives && echo read`;
  const env = { APT_CONFIG: join(root, "apt.conf") };
  return attempt({ argv: ["bash", "-c", script], env, timeout: 120_000 });
}

test("the archives are read", async () => {
  const { exitCode, stdout, stderr } = await read(`file:${archive.folder}`);
  expect(stderr).not.toContain("BAKE FAILED");
  expect(stdout).toMatch(/\nread$/);
  expect(exitCode).toBe(0);
});

test("a bake ends when one of them cannot be read", async () => {
  const { exitCode, stdout, stderr } = await read(`file:${archive.folder}`, `file:${folder}/nowhere`);
  expect(stderr).toContain("BAKE FAILED: apt cannot read all archives");
  expect(stdout).not.toMatch(/\nread$/);
  expect(exitCode).not.toBe(0);
});
