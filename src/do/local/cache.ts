import { mkdir, readdir, rename, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { entryFolder, sameRecipe, type EntryName } from "../../compute/local/cache-key.js";
import { withTemporaryFolder } from "../temporary-folder.js";
import { withLock } from "./lock.js";
import type { Talk } from "./talk.js";

export interface CacheEntry {
  folder: string;
  /** True if the entry was made now. */
  built: boolean;
}

/**
 * The entry of this name; `build` makes it if it does not exist. `build` gets a folder for its product and one for scratch files, both
 * on the cache's filesystem. The complete product is renamed into place, so an interrupted build leaves nothing that looks like an
 * entry.
 */
export async function cached(
  root: string,
  name: EntryName,
  build: (product: string, scratch: string) => Promise<void>,
  talk: Talk,
): Promise<CacheEntry> {
  const folder = join(root, entryFolder(name));
  if (await noteUse(folder)) return { folder, built: false };
  const waiting = () => talk.info(`waiting for another process that builds ${entryFolder(name)}`);
  return withLock(`${folder}.lock`, () => buildEntry(root, folder, build), waiting);
}

async function buildEntry(
  root: string,
  folder: string,
  build: (product: string, scratch: string) => Promise<void>,
) {
  if (await noteUse(folder)) return { folder, built: false };
  return withTemporaryFolder(root, async (temporary) => {
    const [product, scratch] = [join(temporary, "product"), join(temporary, "scratch")];
    await mkdir(product);
    await mkdir(scratch);
    await build(product, scratch);
    await rename(product, folder).catch(async (error: unknown) => {
      if (!(await noteUse(folder))) throw error; // otherwise another process has made the entry first
    });
    return { folder, built: true };
  });
}

/** The newest entry of the same recipe, made from any state of the archive. */
export async function newestOfRecipe(root: string, name: EntryName): Promise<string | undefined> {
  const folders = sameRecipe(await entries(root), name).map((folder) => join(root, folder));
  const dated = await Promise.all(
    folders.map(async (folder) => ({ folder, time: (await stat(folder)).mtimeMs })),
  );
  return dated.sort((a, b) => b.time - a.time)[0]?.folder;
}

async function entries(root: string): Promise<string[]> {
  const found = await readdir(root, { withFileTypes: true }).catch(() => []);
  return found
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name);
}

/** Records the use of an entry; false if it does not exist. */
export async function noteUse(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    () => false,
  );
}
