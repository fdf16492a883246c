import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BaseSpec } from "../../compute/local/base-spec.js";
import { entryName } from "../../compute/local/cache-key.js";
import { LAYOUT_VERSION } from "../../compute/local/disk-layout.js";
import { plainTree } from "../../compute/local/tree.js";
import { assembleDisk, unpack } from "./assemble-disk.js";
import { ensureBaseTree, type BaseTree, type CacheOptions } from "./base-tree.js";
import { cached } from "./cache.js";
import { fileDigest } from "./content-digest.js";
import { hostPaths } from "./paths.js";
import { SILENT, type Talk } from "./talk.js";

/** A bootable Debian image for the local target: base of Packer's qemu builder, and possible backing file of a VM's disk. */
export interface BaseImage {
  spec: BaseSpec;
  /** A hash of the description and the state of the archive. */
  key: string;
  /** Compressed qcow2. */
  disk: string;
  /** SHA-256 (hex) of the disk's file: Packer's iso_checksum. */
  sha256: string;
  /** The kernel as a file, to test accelerators. */
  kernel: string;
  built: boolean;
}

/**
 * The base image from the cache, or a new one (about a minute). If the mirror is not reachable, the newest cached one. The identities of
 * disk and filesystem are derived from `identity`, by default the tree's key.
 */
export async function ensureBaseImage(
  spec: BaseSpec,
  options: CacheOptions & { identity?: string } = {},
): Promise<BaseImage> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  const tree = await ensureBaseTree(spec, options);
  const { identity = tree.key } = options;
  const recipe = {
    diskMiB: spec.diskMiB,
    layout: LAYOUT_VERSION,
    ...(identity !== tree.key && { identity }),
  };
  const name = entryName(spec.release, recipe, tree.key);
  const build = (product: string, scratch: string) =>
    buildDisk({ spec, tree, identity }, product, scratch, talk);
  const { folder, built } = await cached(join(cache, "base"), name, build, talk);
  const { sha256 } = JSON.parse(await readFile(join(folder, "about.json"), "utf8")) as { sha256: string };
  return {
    spec,
    key: basename(folder),
    disk: join(folder, "disk.qcow2"),
    sha256,
    kernel: tree.kernel,
    built,
  };
}

interface Parts {
  spec: BaseSpec;
  tree: BaseTree;
  identity: string;
}

async function buildDisk({ spec, tree, identity }: Parts, product: string, scratch: string, talk: Talk) {
  const root = join(scratch, "tree");
  await unpack(tree.tar, root);
  const disk = await assembleDisk(
    { tree: plainTree(root), scratch, diskMiB: spec.diskMiB, epoch: tree.epoch, identity },
    talk,
  );
  await rename(disk, join(product, "disk.qcow2"));
  const sha256 = await fileDigest(join(product, "disk.qcow2"));
  await writeFile(
    join(product, "about.json"),
    `${JSON.stringify({ sha256, spec, tree: tree.key }, null, 2)}\n`,
  );
}
