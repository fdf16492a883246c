import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { imagesFolder } from "../../src/do/bake/image-store.js";
import { attempt } from "../../src/do/process.js";
import { changedPackage } from "../support/changed-package.js";
import { cli, writeFleet } from "../support/demo-image.js";

const folder = mkdtempSync(join(tmpdir(), "bake-fails-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => rmSync(imagesFolder("failing"), { recursive: true, force: true }));

function bake(program: readonly [string, string], change = (fleet: string) => fleet) {
  const file = writeFleet(folder);
  writeFileSync(file, change(readFileSync(file, "utf8").replace("fleet: demo", "fleet: failing")));
  return attempt({ argv: [...program, "bake", file, "--target", "local"], timeout: 1_700_000 });
}

const left = () => (existsSync(imagesFolder("failing")) ? readdirSync(imagesFolder("failing")) : []);

describe("a bake that fails", () => {
  test("says what failed, with the lines of the log that matter, and leaves no image", async () => {
    const broken = changedPackage(folder, "install-files.sh", 'die "the builder is on fire"');
    const { exitCode, stdout, stderr } = await bake(broken);
    expect(exitCode).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /✖ installing configuration and units[\s\S]*error: Packer failed[\s\S]*on fire[\s\S]*hint: see the log: \S+\.log/,
    );
    expect(left()).toEqual([expect.stringMatching(/^bake-[0-9a-f]+\.log$/)]);
  });

  test("for want of a packaged Kamailio does so before anything is made", async () => {
    // a branch that never had packages
    const { exitCode, stderr } = await bake(cli, (fleet) =>
      fleet.replace("kamailio_version: distro", "kamailio_version: apt:0.1"),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error: .*deb\.kamailio\.org\/kamailio01/);
    expect(left()).toEqual([]);
  });
});
