import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { entryName } from "../../compute/local/cache-key.js";
import {
  partitionArgv,
  readPartition,
  ROOT_NUMBER,
  type RootPartition,
} from "../../compute/local/cloud-image.js";
import { compressArgv, mke2fsArgv, rawArgv, SECTOR } from "../../compute/local/disk-layout.js";
import { UserError } from "../../errors.js";
import { run } from "../process.js";
import { asRoot } from "./as-root.js";
import type { DiskInput } from "./assemble-disk.js";
import type { CacheOptions } from "./base-tree.js";
import { cached } from "./cache.js";
import type { OwnImage } from "./cloud-image.js";
import { hostPaths } from "./paths.js";
import { SILENT, type Talk } from "./talk.js";
import { requireTools, WITH_SBIN } from "./tools.js";

/** $1: disk; $2: offset of its root filesystem; $3: a folder; $4: the tar file. Mount and loop device end with the command. */
const PACK = `set -eu
mount -o loop,nosuid,nodev,offset="$2" -- "$1" "$3"
exec tar -c -C "$3" --sort=name --numeric-owner --xattrs '--xattrs-include=*' --exclude=./lost+found -f "$4" .
`;

/** The image's root filesystem as a tar file, from the cache or new. Needs root. */
export async function ensureOwnTree(image: OwnImage, options: CacheOptions = {}): Promise<string> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  const build = async (product: string, scratch: string) => {
    const [raw, mount] = [join(scratch, "disk.raw"), join(scratch, "mount")];
    await toRaw(image, raw);
    const { start } = await rootOf(raw);
    await mkdir(mount);
    const inNamespace = ["unshare", "--mount", "--propagation", "private"] as const;
    const words = [raw, String(start * SECTOR), mount, join(product, "tree.tar")];
    await run({ argv: [...inNamespace, "sh", "-c", PACK, "pack", ...words], env: WITH_SBIN });
  };
  const name = entryName("own", { sha256: image.sha256, pack: PACK }, null);
  return join((await cached(join(cache, "tree"), name, build, talk)).folder, "tree.tar");
}

export const OWN_DISK_TOOLS = ["mke2fs", "sfdisk", "partx", "fallocate", "qemu-img"] as const;

type Input = Pick<DiskInput, "tree" | "scratch" | "diskMiB" | "signal">;

/**
 * The image's disk with another tree in its root filesystem, in the requested size. Partition table, boot loaders and other partitions
 * stay, and the filesystem keeps the UUID and label by which they find it. Returns the path of a compressed qcow2 in the scratch folder.
 */
export async function fillOwnDisk(image: OwnImage, input: Input, talk: Talk): Promise<string> {
  await requireTools(...OWN_DISK_TOOLS);
  const at = (name: string) => join(input.scratch, name);
  const raw = at("disk.raw");
  talk.info("  filling the disk...");
  await toRaw(image, raw);
  const root = await growRoot(raw, input.diskMiB);
  const signal = input.signal === undefined ? {} : { signal: input.signal };
  // no blocks of the earlier files stay on the disk
  const [offset, length] = [root.start, root.sectors].map((sectors) => String(sectors * SECTOR));
  await run({ argv: ["fallocate", "--punch-hole", "-o", offset ?? "", "-l", length ?? "", raw] });
  const { uuid, label, epoch } = image.about.root;
  const filesystem = { tree: input.tree.root, disk: raw, uuid, label };
  const place = { start: root.start, kibibytes: Math.floor((root.sectors * SECTOR) / 1024) };
  await asRoot(input.tree.around(mke2fsArgv({ ...filesystem, ...place })), {
    ...signal,
    env: { SOURCE_DATE_EPOCH: String(epoch), E2FSPROGS_FAKE_TIME: String(epoch) },
    hint: "the disk may be too small for its packages: set image.targets.local.disk_size",
  });
  talk.info("  compressing the disk...");
  await run({ argv: compressArgv({ path: raw, format: "raw" }, at("disk.qcow2")), ...signal });
  return at("disk.qcow2");
}

async function toRaw({ disk }: OwnImage, raw: string): Promise<void> {
  await run({ argv: rawArgv(disk, raw) });
}

/** Enlarges the disk, and its root partition as far as possible. */
async function growRoot(raw: string, diskMiB: number): Promise<RootPartition> {
  const handle = await open(raw, "r+");
  await handle.truncate(diskMiB * 2 ** 20).finally(() => handle.close());
  const argv = ["sfdisk", "--quiet", "-N", String(ROOT_NUMBER), raw] as const;
  await run({ argv, input: ", +\n", env: WITH_SBIN });
  return rootOf(raw);
}

async function rootOf(raw: string): Promise<RootPartition> {
  const root = readPartition((await run({ argv: partitionArgv(raw) })).stdout);
  if (root) return root;
  throw new UserError("image.base: the image no longer has a partition 1");
}
