import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { imagesFolder } from "../../src/do/bake/image-store.js";
import { attempt } from "../../src/do/process.js";
import { cli, writeFleet } from "../support/demo-image.js";

const folder = mkdtempSync(join(tmpdir(), "bake-fails-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a bake that fails", () => {
  test("says what failed, with the lines of the log that matter, and leaves no image", async () => {
    const file = writeFleet(folder);
    const text = readFileSync(file, "utf8");
    // no such branch was ever packaged
    writeFileSync(
      file,
      text
        .replace("fleet: demo", "fleet: failing")
        .replace("kamailio_version: distro", "kamailio_version: apt:0.1"),
    );
    const { exitCode, stdout, stderr } = await attempt({
      argv: [...cli, "bake", file, "--target", "local"],
      timeout: 1_700_000,
    });
    expect(exitCode).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /error: Packer failed[\s\S]*deb\.kamailio\.org[\s\S]*hint: the whole log is \S+\.log/,
    );
    const left = readdirSync(imagesFolder("failing"));
    expect(left).toEqual([expect.stringMatching(/^bake-[0-9a-f]+\.log$/)]);
    rmSync(imagesFolder("failing"), { recursive: true });
  });
});
