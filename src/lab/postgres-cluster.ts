import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entryName } from "../compute/local/cache-key.js";
import { cached } from "../do/local/cache.js";
import { hostPaths } from "../do/local/paths.js";
import { SILENT } from "../do/local/talk.js";
import { run } from "../do/process.js";
import { asPostgres, postgresBin } from "./postgres-root.js";

/** Runs one of its programs. */
const ofPostgres = (...argv: string[]) => run({ argv: [...asPostgres, ...argv] as unknown as [string] });

/**
 * Makes a data directory of PostgreSQL at this path, which does not exist yet: a copy of an empty cluster in the cache, because initdb takes
 * some 2 s of CPU time. The role postgres has no password.
 */
export async function makeCluster(data: string): Promise<void> {
  const { stdout: version } = await ofPostgres(`${postgresBin()}/postgres`, "-V");
  const name = entryName("cluster", { version: version.trim() }, null);
  const { folder } = await cached(join(hostPaths().cache, "postgres"), name, initialise, SILENT);
  await copy(join(folder, "data"), data);
}

/** initdb runs as postgres, which cannot read the cache. */
async function initialise(product: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "initdb-"));
  try {
    await run({ argv: ["chown", "postgres", folder] });
    await ofPostgres(`${postgresBin()}/initdb`, "-D", join(folder, "data"), "-A", "trust", "-N");
    await copy(join(folder, "data"), join(product, "data"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const copy = (from: string, to: string) => run({ argv: ["cp", "--archive", "--reflink=auto", from, to] });
