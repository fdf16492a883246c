import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asRoot } from "./local/as-root.js";
import { readIdentity } from "./local/lock.js";
import { identify, isAlive } from "./local/process-identity.js";
import { attempt } from "./process.js";

/** Marks the folder of work that goes on, and says whose it is. */
const OWNER = "owner.json";
const TEMPORARY = ".tmp-";

/** A folder for work that goes on: on the filesystem of `root`, so that its product can be renamed into place there. */
export interface TemporaryFolder {
  path: string;
  remove: () => Promise<void>;
}

/** Makes a folder below `root`, and removes those of processes that died before they could. */
export async function makeTemporaryFolder(root: string): Promise<TemporaryFolder> {
  await mkdir(root, { recursive: true });
  await sweep(root);
  const path = await mkdtemp(join(root, TEMPORARY));
  await writeFile(join(path, OWNER), JSON.stringify(identify(process.pid)));
  return { path, remove: () => removeTree(path).catch(() => undefined) }; // else the next one tries again
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

/** Removes a folder, also when it holds files of subordinate ids; never goes into what is mounted there. */
export async function removeTree(folder: string): Promise<void> {
  const argv = ["rm", "-rf", "--one-file-system", "--", folder] as const;
  if ((await attempt({ argv })).exitCode !== 0) await asRoot(argv);
}
