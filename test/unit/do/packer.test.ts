import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { packageRoot } from "../../../src/do/assets.js";
import { eventually } from "../../support/eventually.js";

const folder = mkdtempSync(join(tmpdir(), "packer-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Says a step, and when it is to end takes its time and says so, line by line, as Packer does. */
const slowPacker = `#!/bin/bash
trap 'for part in builder volume key; do echo "Deleting the $part"; sleep 0.1; done; echo all deleted; exit 1' TERM
echo "sip-proxy-step: seal.sh"
while :; do sleep 0.1; done
`;

test("Packer cleans up when the program that has started it is killed, and the log tells of it", async () => {
  writeFileSync(join(folder, "packer"), slowPacker, { mode: 0o755 });
  const support = join(packageRoot, "test/support");
  const child = spawn(process.execPath, [join(support, "run-ts.mjs"), join(support, "packer-child.ts")], {
    env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, FOLDER: folder, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [step] = (await once(child.stdout, "data")) as [Buffer];
  expect(step.toString()).toBe("seal.sh\n");
  child.kill("SIGKILL");
  await once(child, "close");
  const log = () => readFileSync(join(folder, "bake.log"), "utf8");
  await eventually(() => expect(log()).toMatch(/all deleted\n$/));
  expect(log()).toMatch(/Deleting the builder\nDeleting the volume\nDeleting the key\n/);
});
