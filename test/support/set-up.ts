import { packageRoot } from "../../src/do/assets.js";
import { debianPackages, ensurePackages, type Purpose } from "../../src/do/debian-packages.js";
import { run } from "../../src/do/process.js";

/** What the tiers beyond the first need on this machine: Debian's packages and the compiled programs. Nothing is skipped. */
export async function setup(): Promise<void> {
  const purposes = Object.keys(debianPackages) as Purpose[];
  await ensurePackages((line) => process.stderr.write(`set-up: ${line}\n`), ...purposes);
  await run({ argv: ["node", "src/setup.mjs"], cwd: packageRoot });
}
