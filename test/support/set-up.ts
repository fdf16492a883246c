import type { TestProject } from "vitest/node";
import { packageRoot } from "../../src/do/assets.js";
import { ensurePackages, type Purpose } from "../../src/do/debian-packages.js";
import { run } from "../../src/do/process.js";
import { tiers } from "./tiers.js";

/** Installs what a tier needs on this machine; no tests are skipped. */
export async function setup({ name }: TestProject): Promise<void> {
  await prepare(...(tiers.find((tier) => tier.name === name)?.packages ?? []));
}

/** Debian's packages for these purposes, and the compiled programs. */
export async function prepare(...purposes: readonly Purpose[]): Promise<void> {
  await ensurePackages((line) => process.stderr.write(`set-up: ${line}\n`), ...purposes);
  await run({ argv: ["node", "src/setup.mjs"], cwd: packageRoot });
}
