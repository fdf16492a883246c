import { packages } from "./cloud/moto.js";
import { releaseTree, type Suite } from "./release-tree.js";
import { runVitest } from "./run-vitest.js";

// npm run test:moto -- SUITE [FILE...]: the tests against AWS's emulator, with the moto of another release of Debian (unstable: 5.2.4).

const suites: readonly string[] = ["trixie", "unstable"] satisfies Suite[];
const [suite = "", ...chosen] = process.argv.slice(3);
if (!suites.includes(suite)) throw new Error(`the suite is one of: ${suites.join(", ")}`);
const root = await releaseTree(suite as Suite, packages);
runVitest(["--project", "cloud", ...chosen], { MOTO_ROOT: root });
