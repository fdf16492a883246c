import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf, uuidOf } from "../../compute/local/cache-key.js";
import * as layout from "../../compute/local/disk-layout.js";
import type { Tree } from "../../compute/local/tree.js";
import { UserError } from "../../errors.js";
import { run } from "../process.js";
import { asRoot } from "./as-root.js";
import type { Talk } from "./talk.js";
import { requireTools, WITH_SBIN } from "./tools.js";

export interface DiskInput {
  tree: Tree;
  /** A folder on a filesystem with room for two copies of the tree. */
  scratch: string;
  signal?: AbortSignal;
  diskMiB: number;
  /** Seconds since 1970: used for the times of the filesystem. */
  epoch: number;
  /** Any value: the filesystem's UUID and the disk's id are derived from it. */
  identity: unknown;
}

export const DISK_TOOLS = ["mke2fs", "sfdisk", "grub-mkimage", layout.GRUB_BOOT_IMAGE, "qemu-img"] as const;

/** Makes a bootable qcow2 from a tree: fill a filesystem, put GRUB before it, compress. Returns its path, in the scratch folder. */
export async function assembleDisk(input: DiskInput, talk: Talk): Promise<string> {
  await requireTools(...DISK_TOOLS);
  const at = (name: string) => join(input.scratch, name);
  const digest = digestOf(input.identity);
  talk.info("  filling the disk...");
  await createSparse(at("disk.raw"), input.diskMiB * 1024 * 1024);
  await run({
    argv: ["sfdisk", "--quiet", at("disk.raw")],
    input: layout.partitionTable(digest.slice(0, 8)),
    env: WITH_SBIN,
  });
  const filesystem = {
    tree: input.tree.root,
    disk: at("disk.raw"),
    uuid: uuidOf(digest),
    label: layout.ROOT_LABEL,
    start: layout.FIRST_SECTOR,
    kibibytes: input.diskMiB * 1024 - (layout.FIRST_SECTOR * layout.SECTOR) / 1024,
  };
  const time = String(input.epoch);
  const hint = "an image of this size may be too small for its packages (diskMiB)";
  const signal = input.signal === undefined ? {} : { signal: input.signal };
  await asRoot(input.tree.around(layout.mke2fsArgv(filesystem)), {
    ...signal,
    env: { SOURCE_DATE_EPOCH: time, E2FSPROGS_FAKE_TIME: time },
    hint,
  });
  await run({ argv: layout.grubMkimageArgv(at("core.img")), env: WITH_SBIN });
  await writeBootCode(at("disk.raw"), await readFile(layout.GRUB_BOOT_IMAGE), await readFile(at("core.img")));
  talk.info("  compressing the disk...");
  const raw = { path: at("disk.raw"), format: "raw" } as const;
  await run({ argv: layout.compressArgv(raw, at("disk.qcow2")), ...signal });
  return at("disk.qcow2");
}

/** Device nodes stay out: an ordinary user cannot make them, and the guest's kernel mounts its own. */
export async function unpack(tar: string, tree: string, signal?: AbortSignal): Promise<void> {
  await mkdir(tree);
  const attributes = ["--numeric-owner", "--preserve-permissions", "--xattrs", "--xattrs-include=*"];
  await asRoot(
    ["tar", "-x", "-C", tree, ...attributes, "--exclude=./dev/*", "-f", tar],
    signal === undefined ? {} : { signal },
  );
}

async function createSparse(file: string, bytes: number): Promise<void> {
  const handle = await open(file, "wx");
  await handle.truncate(bytes).finally(() => handle.close());
}

/**
 * Does what grub-install does, independent of the machine that it runs on. GRUB's boot.img loads core.img from sector 1: that is the
 * default in both images of the package. Only the partition table in sector 0 must be kept.
 */
async function writeBootCode(disk: string, boot: Buffer, core: Buffer): Promise<void> {
  const room = (layout.FIRST_SECTOR - 1) * layout.SECTOR;
  if (core.length > room)
    throw new UserError(`GRUB's core has ${core.length} bytes; ${room} fit before the partition`);
  const handle = await open(disk, "r+");
  try {
    await handle.write(boot, 0, layout.BOOT_CODE_BYTES, 0);
    await handle.write(core, 0, core.length, layout.SECTOR);
  } finally {
    await handle.close();
  }
}
