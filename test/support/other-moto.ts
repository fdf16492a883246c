import { spawnSync } from "node:child_process";
import { packages } from "./cloud/moto.js";
import { releaseTree, type Suite } from "./release-tree.js";

// npm run test:moto -- SUITE [FILE...]: the tests against AWS's emulator, with the moto of another release of Debian (unstable: 5.2.4).

const suites: readonly string[] = ["trixie", "unstable"] satisfies Suite[];
const [suite = "", ...chosen] = process.argv.slice(3);
if (!suites.includes(suite)) throw new Error(`the suite is one of: ${suites.join(", ")}`);
const root = await releaseTree(suite as Suite, packages);
const { status } = spawnSync("npx", ["vitest", "run", "--project", "cloud", ...chosen], {
  stdio: "inherit",
  env: { ...process.env, MOTO_ROOT: root },
});
process.exitCode = status ?? 1;
