import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readAsset } from "../../../src/do/assets.js";
import { attempt } from "../../../src/do/process.js";

// The nightly job of docs/images.md, with stand-ins for our programs.

const [job = ""] = /^sip-proxy image outdated .*bake-image .*$/m.exec(readAsset("docs/images.md")) ?? [];

test.each([
  ["nothing is outdated", 0, { called: ["sip-proxy"], exitCode: 0 }],
  ["something is outdated", 3, { called: ["sip-proxy", "bake-image"], exitCode: 0 }],
  ["an archive does not answer", 1, { called: ["sip-proxy"], exitCode: 1 }],
])("the nightly job, where %s", async (_, code, wanted) => {
  const folder = mkdtempSync(join(tmpdir(), "nightly-job-"));
  try {
    for (const [name, exit] of Object.entries({ "sip-proxy": code, "bake-image": 0 })) {
      const text = `#!/bin/sh\necho ${name} >>${folder}/called\nexit ${exit}\n`;
      writeFileSync(join(folder, name), text, { mode: 0o755 });
    }
    const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
    const { exitCode } = await attempt({ argv: ["sh", "-c", job], env });
    const called = readFileSync(join(folder, "called"), "utf8").trim().split("\n");
    expect({ called, exitCode }).toEqual(wanted);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
