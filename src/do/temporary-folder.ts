import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asRoot } from "./local/as-root.js";
import { readIdentity } from "./local/lock.js";
import { identify, isAlive } from "./local/process-identity.js";
import { attempt } from "./process.js";

/** File in a folder that is in use, with the process that uses it. */
const OWNER = "owner.json";
const TEMPORARY = ".tmp-";

/** A folder for work in progress. It is on the filesystem of `root`, so that results can be renamed into place. */
export interface TemporaryFolder {
  path: string;
  remove: () => Promise<void>;
}

/** Makes a folder below `root`, and removes folders of processes that have died. */
export async function makeTemporaryFolder(root: string): Promise<TemporaryFolder> {
  await mkdir(root, { recursive: true });
  await sweep(root);
  const path = await mkdtemp(join(root, TEMPORARY));
  await writeFile(join(path, OWNER), JSON.stringify(identify(process.pid)));
  return { path, remove: () => removeTree(path).catch(() => undefined) }; // otherwise the next run tries again
}

/** Runs work with such a folder, which is removed when the work ends. */
export async function withTemporaryFolder<T>(root: string, work: (path: string) => Promise<T>): Promise<T> {
  const folder = await makeTemporaryFolder(root);
  try {
    return await work(folder.path);
  } finally {
    await folder.remove();
  }
}

async function sweep(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(TEMPORARY)) continue;
    const owner = await readIdentity(join(root, name, OWNER));
    if (owner !== undefined && !isAlive(owner)) await removeTree(join(root, name));
  }
}

/** Removes a folder, even if it contains files of subordinate ids. Does not enter mounted filesystems. */
export async function removeTree(folder: string): Promise<void> {
  const argv = ["rm", "-rf", "--one-file-system", "--", folder] as const;
  if ((await attempt({ argv })).exitCode !== 0) await asRoot(argv);
}
