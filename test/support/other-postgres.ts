import { releaseTree, type Suite } from "./release-tree.js";
import { runVitest } from "./run-vitest.js";

// npm run test:postgres -- VERSION [FILE...]: runs the database tests with a later release of Debian's PostgreSQL and pgbouncer.

const suites: Record<string, Suite> = { 17: "trixie", 18: "unstable" };
const files = [
  ...[
    "db-init",
    "seed",
    "first-boot",
    "last-good-list",
    "pooler",
    "watched-table",
    "standby",
    "database-says",
  ].map((name) => `test/tools/${name}`),
  "test/call/follows-table",
];

const [version = "", ...chosen] = process.argv.slice(3);
const suite = suites[version];
if (suite === undefined) throw new Error(`the version is one of: ${Object.keys(suites).join(", ")}`);
const root = await releaseTree(suite, ["pgbouncer", "postgresql"]);
process.stderr.write(`PostgreSQL and pgbouncer of ${root}\n`);
runVitest(chosen.length > 0 ? chosen : files, { POSTGRES_ROOT: root });
