import { readdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf, entryName } from "../../compute/local/cache-key.js";
import { UserError } from "../../errors.js";
import { attempt, run } from "../process.js";
import { removeTree } from "../temporary-folder.js";
import type { CacheOptions } from "./base-tree.js";
import { cached } from "./cache.js";
import { hostPaths } from "./paths.js";
import { SILENT } from "./talk.js";
import { requireTools } from "./tools.js";

/** Identifies an image without reading it: a later image can have the same path. */
interface ImageState {
  path: string;
  size: number;
  mtimeMs: number;
  ino: number;
}

/** File in an entry's folder with the state of the image that it was made from. */
const SOURCE = "image.json";

/**
 * The content of a qcow2 as a sparse raw disk in the cache, because the kernel cannot mount a qcow2. Entries whose image is gone are
 * deleted; a container keeps what it has mounted. Throws UserError if there is no such image.
 */
export async function ensureRawDisk(image: string, options: CacheOptions = {}): Promise<string> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  await requireTools("qemu-img");
  const state = await stateOf(image);
  if (state === undefined) throw new UserError(`there is no image ${image}`);
  const root = join(cache, "disks");
  const build = async (product: string) => {
    await run({ argv: ["qemu-img", "convert", "-O", "raw", state.path, join(product, "disk.raw")] });
    await writeFile(join(product, SOURCE), JSON.stringify(state));
  };
  const entry = await cached(root, nameOf(state), build, talk);
  if (entry.built) await deleteStale(root);
  return join(entry.folder, "disk.raw");
}

/** Throws UserError unless the image is a readable qcow2. */
export async function requireImage(image: string): Promise<void> {
  if ((await stateOf(image)) === undefined) throw new UserError(`there is no image ${image}`);
  await requireTools("qemu-img");
  const { exitCode, stderr } = await attempt({ argv: ["qemu-img", "info", "-U", "-f", "qcow2", image] });
  if (exitCode !== 0) throw new UserError(`${image} is not a qcow2 image: ${stderr.trim()}`);
}

async function deleteStale(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const source = await readFile(join(root, name, SOURCE), "utf8").catch(() => undefined);
    if (source === undefined) continue; // not an entry, or an unfinished one
    const was = JSON.parse(source) as ImageState;
    const is = await stateOf(was.path);
    if (is === undefined || digestOf(is) !== digestOf(was)) await removeTree(join(root, name));
  }
}

async function stateOf(image: string): Promise<ImageState | undefined> {
  try {
    const path = await realpath(image);
    const { size, mtimeMs, ino } = await stat(path);
    return { path, size, mtimeMs, ino };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function nameOf({ path, ...rest }: ImageState) {
  return entryName("raw", { path }, rest);
}
