import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Manifest } from "../../src/do/bake/image-store.js";
import { run } from "../../src/do/process.js";
import { changedPackage } from "../support/changed-package.js";
import { cli, writeFleet } from "../support/demo-image.js";

const folder = mkdtempSync(join(tmpdir(), "bake-again-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bake(program: readonly [string, string], image = "") {
  const file = writeFleet(folder);
  writeFileSync(file, readFileSync(file, "utf8").replace(/^image:\n/m, `$&${image}`));
  const words = ["bake", file, "--target", "local", "--builder", "container", "--json"];
  const { stdout } = await run({
    argv: [...program, ...words],
    env: { XDG_DATA_HOME: folder },
    timeout: 1_700_000,
  });
  return JSON.parse(stdout) as { path: string; reused: boolean; manifest: Manifest };
}

/** Additions of a fleet, as lines of its `image` section. */
const added = `  files:
    /etc/sip-proxy-test/secret: { content: "only root\\n", mode: "0600" }
    /etc/systemd/system/added.service: { path: added.service }
  scripts: [finish]
`;
const unit = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
/** A script of the bake: it needs the additions in their final state and root's rights. */
const finish = `#!/bin/bash -e
[[ $(stat -c '%a %U %G' /etc/sip-proxy-test/secret) == '600 root root' ]]
grep -qx 'only root' /etc/sip-proxy-test/secret
systemctl enable added.service
echo "the script is run as $(id -un)"
`;

test("a bake in which only files have changed, ours or the fleet's, installs no package again, and takes the new files", async () => {
  const first = await bake(cli);
  writeFileSync(join(folder, "added.service"), unit);
  writeFileSync(join(folder, "finish"), finish);
  const again = await bake(changedPackage(folder, "install-files.sh", "step 'the new line is run'"), added);
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
  expect(log).toContain("the script is run as root");
  expect(log).not.toMatch(/Setting up |Unpacking /);

  // The change is taken back: hosts must get the image that this bake returns, not the one that was baked last.
  const back = await bake(cli);
  expect(back).toMatchObject({ path: first.path, reused: true });
  const { stdout } = await run({
    argv: [
      ...cli,
      "image",
      "prune",
      join(folder, "fleet.yaml"),
      "--target",
      "local",
      "--keep",
      "1",
      "--json",
    ],
    env: { XDG_DATA_HOME: folder },
  });
  expect(JSON.parse(stdout)).toMatchObject({
    images: [
      { path: first.path, why: ["one of the last 1"] },
      { path: again.path, why: [] },
    ],
  });
});
