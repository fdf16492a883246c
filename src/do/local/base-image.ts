import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { BASE_PACKAGES, type BaseSpec } from "../../compute/local/base-spec.js";
import { entryName, type EntryName } from "../../compute/local/cache-key.js";
import { BASE_FILES, GRUB_BOOT_IMAGE, LAYOUT_VERSION } from "../../compute/local/disk-layout.js";
import { baseFileNames, bootstrapBaseArgv, SEAL } from "../../compute/local/mmdebstrap.js";
import { archiveState, MirrorUnreachable, type ArchiveState } from "./archive.js";
import { assembleDisk } from "./assemble-disk.js";
import { bootstrap, epochOf } from "./bootstrap.js";
import { cached, newestOfRecipe } from "./cache.js";
import { fileDigest } from "./content-digest.js";
import { hostPaths } from "./paths.js";
import { SILENT, type Talk } from "./talk.js";
import { requireTools } from "./tools.js";

/** A bootable Debian for the local target: what Packer's qemu builder starts from, and what a VM's disk can be laid over. */
export interface BaseImage {
  spec: BaseSpec;
  /** Names the content: changes when the description or the archive does. */
  key: string;
  /** Compressed qcow2. */
  disk: string;
  /** SHA-256 (hex) of the disk's file: Packer's iso_checksum. */
  sha256: string;
  /** The kernel alone, for trying an accelerator. */
  kernel: string;
  built: boolean;
}

export interface CacheOptions {
  cache?: string;
  talk?: Talk;
}

/** The base image from the cache, or made now (about a minute). When the mirror is out of reach the newest cached one is taken. */
export async function ensureBaseImage(spec: BaseSpec, options: CacheOptions = {}): Promise<BaseImage> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  const root = join(cache, "base");
  const recipe = { spec, packages: BASE_PACKAGES, files: BASE_FILES, seal: SEAL, layout: LAYOUT_VERSION };
  const found = await stateOrCached(root, spec, entryName(spec.release, recipe, null), talk);
  if (typeof found === "string") return baseImage(spec, found, false);
  const name = entryName(spec.release, recipe, packagesOf(found));
  const build = (product: string, scratch: string) => buildBase(spec, found, product, scratch, talk);
  const entry = await cached(root, name, build, talk);
  return baseImage(spec, entry.folder, entry.built);
}

/** The archive's state; or, when it cannot be had, the folder of a cached entry of the same recipe. */
export async function stateOrCached(
  root: string,
  spec: BaseSpec,
  recipe: EntryName,
  talk: Talk,
): Promise<ArchiveState | string> {
  try {
    return await archiveState(spec, talk);
  } catch (error) {
    if (!(error instanceof MirrorUnreachable)) throw error;
    const folder = await newestOfRecipe(root, recipe);
    if (folder === undefined) throw error;
    talk.warn(`${error.message}; using the cached ${basename(folder)}`);
    return folder;
  }
}

/** What determines the packages: which suites there are, and their indexes. */
export function packagesOf(state: ArchiveState): unknown {
  return state.releases.map((release) => [release.suite, release.packagesDigest]);
}

async function buildBase(spec: BaseSpec, state: ArchiveState, product: string, scratch: string, talk: Talk) {
  await requireTools("mke2fs", "sfdisk", "grub-mkimage", GRUB_BOOT_IMAGE, "qemu-img");
  talk.info(`making the ${spec.release} base image from ${spec.mirror}`);
  for (const [path, name] of Object.entries(baseFileNames()))
    await writeFile(join(scratch, name), BASE_FILES[path] ?? "", { mode: 0o644 });
  const tar = join(scratch, "tree.tar");
  await bootstrap(bootstrapBaseArgv(spec, tar), scratch, state, talk);
  const made = await assembleDisk(
    { tar, scratch, diskMiB: spec.diskMiB, epoch: epochOf(state), identity: packagesOf(state) },
    talk,
  );
  await rename(made.disk, join(product, "disk.qcow2"));
  await rename(made.kernel, join(product, "vmlinuz"));
  const sha256 = await fileDigest(join(product, "disk.qcow2"));
  const about = JSON.stringify({ sha256, spec, ...state }, null, 2);
  await writeFile(join(product, "about.json"), `${about}\n`);
}

async function baseImage(spec: BaseSpec, folder: string, built: boolean): Promise<BaseImage> {
  const about = JSON.parse(await readFile(join(folder, "about.json"), "utf8")) as { sha256: string };
  const [disk, kernel] = [join(folder, "disk.qcow2"), join(folder, "vmlinuz")];
  return { spec, key: basename(folder), disk, sha256: about.sha256, kernel, built };
}
