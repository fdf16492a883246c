import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { packageRoot } from "../../../src/do/assets.js";
import { packerBuild } from "../../../src/do/bake/packer.js";
import { eventually } from "../../support/eventually.js";

const folder = mkdtempSync(join(tmpdir(), "packer-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Prints a step. On SIGTERM, it prints several lines of a slow cleanup, like Packer. */
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

/** Waits like the template's provisioner (see provisioners.ts). */
const waitingPacker = `#!/bin/bash
echo "sip-proxy-step: sbom"
while [[ -n $SIP_PROXY_ANSWERED && ! -e output/sbom.cdx.json ]]; do [[ ! -e output/sbom.cdx.json.failed ]] || exit 1; sleep 0.05; done
echo "sip-proxy-step: seal.sh"
`;

test("Packer waits for the bill of materials, and ends when it cannot be made", async () => {
  const bake = async (name: string, onListed?: (output: string) => Promise<void>) => {
    const work = join(folder, name);
    mkdirSync(join(work, "output"), { recursive: true });
    writeFileSync(join(work, "packer"), waitingPacker, { mode: 0o755 });
    const steps: string[] = [];
    await packerBuild(
      {
        folder: work,
        only: "null.files",
        variables: {},
        env: { PATH: `${work}:${process.env["PATH"]}` },
        log: join(work, "log"),
        ...(onListed && { onListed: () => onListed(join(work, "output")) }),
        onStep: (step) => steps.push(step),
        signal: new AbortController().signal,
      },
      "1.6",
    );
    return steps;
  };
  const made = (output: string) => writeFile(join(output, "sbom.cdx.json"), "{}");
  expect(await bake("made", made)).toEqual(["seal.sh"]);
  expect(await bake("nobody-asked")).toEqual(["seal.sh"]);
  await expect(bake("cannot", () => Promise.reject(new Error("no packages are listed")))).rejects.toThrow(
    "no packages are listed",
  );
});
