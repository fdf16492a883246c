import { constants } from "node:fs";
import { copyFile, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { DebianRelease } from "../../compute/local/base-spec.js";
import { entryName } from "../../compute/local/cache-key.js";
import {
  newestKernel,
  partitionArgv,
  readFilesystem,
  readPartition,
  readSystem,
  withinDisk,
  type RootFilesystem,
} from "../../compute/local/cloud-image.js";
import { rawArgv } from "../../compute/local/disk-layout.js";
import { QCOW2_HEADER_BYTES, readQcow2Header } from "../../compute/local/qcow2.js";
import { UserError } from "../../errors.js";
import type { CloudImage } from "../../understand/settings/base.js";
import { attempt, run } from "../process.js";
import type { CacheOptions } from "./base-tree.js";
import { cached } from "./cache.js";
import { fileDigest } from "./content-digest.js";
import { download } from "./download.js";
import { hostPaths } from "./paths.js";
import { SILENT } from "./talk.js";
import { requireTools, WITH_SBIN } from "./tools.js";

/** The user's cloud image in the cache, after its check. */
export interface OwnImage {
  /** SHA-256 of the qcow2, hex. */
  sha256: string;
  /** qcow2. */
  disk: string;
  /** The kernel as a file, to test accelerators. */
  kernel: string;
  about: AboutImage;
}

interface AboutImage {
  release: DebianRelease;
  /** Size of the disk. */
  diskMiB: number;
  root: RootFilesystem;
}

export const CLOUD_IMAGE_TOOLS = ["qemu-img", "partx", "dumpe2fs", "debugfs"] as const;

const what = "image.base";
const wayOut =
  "use Debian's genericcloud image for amd64 (https://cloud.debian.org/images/cloud/), or an image with the same layout";

/**
 * The image from the cache, or fetched and checked now (`from`: the folder to which paths are relative). Throws UserError if the checksum
 * differs, or if a bake cannot use it as base; nothing of it is kept then.
 */
export async function ensureCloudImage(
  image: CloudImage,
  from: string,
  options: CacheOptions = {},
): Promise<OwnImage> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  await requireTools(...CLOUD_IMAGE_TOOLS);
  const path = "path" in image ? await requireFile(resolve(from, image.path)) : undefined;
  const sha256 = "url" in image ? image.sha256 : await fileDigest(path ?? "");
  const build = async (product: string, scratch: string) => {
    const disk = join(product, "disk.qcow2");
    if ("url" in image) {
      talk.info(`fetching the base image`);
      const look = (start: Buffer) => faultOf(readQcow2Header(start));
      const hint = "download it another way, and set base: { path: … }";
      await download({ url: image.url, sha256, file: disk, what, look, hint });
    } else await copy(path ?? "", disk, sha256);
    const about = await lookAt(disk, path ?? "it", product, scratch);
    await writeFile(join(product, "about.json"), `${JSON.stringify(about, null, 2)}\n`);
  };
  const { folder } = await cached(join(cache, "own"), entryName("image", { sha256 }, null), build, talk);
  const about = JSON.parse(await readFile(join(folder, "about.json"), "utf8")) as AboutImage;
  return { sha256, disk: join(folder, "disk.qcow2"), kernel: join(folder, "vmlinuz"), about };
}

/** Throws UserError unless there is a file with the first bytes of an image. */
async function requireFile(path: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile())
    throw new UserError(`${what}: ${info === undefined ? "there is no" : "is no file:"} ${path}`, {
      hint: "the path is relative to the fleet file",
    });
  const fault = faultOf(readQcow2Header(await beginning(path)));
  if (fault === undefined) return path;
  throw new UserError(`${what}: ${path} ${fault}`, {
    hint: "qemu-img convert -O qcow2 IMAGE NEW creates an image without a backing file",
  });
}

async function beginning(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(QCOW2_HEADER_BYTES),
      0,
      QCOW2_HEADER_BYTES,
      0,
    );
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

const faultOf = (header: ReturnType<typeof readQcow2Header>) =>
  "fault" in header ? header.fault : undefined;

async function copy(path: string, disk: string, sha256: string): Promise<void> {
  await copyFile(path, disk, constants.COPYFILE_FICLONE);
  if ((await fileDigest(disk)) !== sha256)
    throw new UserError(`${what}: ${path} is being changed by another program`, {
      hint: "try again when the file is complete",
    });
}

/** Reads the disk's content without mounting it, and copies its kernel. */
async function lookAt(disk: string, name: string, product: string, scratch: string): Promise<AboutImage> {
  const header = readQcow2Header(await beginning(disk));
  if ("fault" in header) throw new UserError(`${what}: ${name} ${header.fault}`, { hint: wayOut });
  const refuse = (fault: string, hint = wayOut) => new UserError(`${what}: ${name} ${fault}`, { hint });
  const raw = join(scratch, "disk.raw");
  await run({
    argv: rawArgv(disk, raw),
    hint: `${what}: the image is damaged; fetch it again`,
  });
  const partition = readPartition((await attempt({ argv: partitionArgv(raw) })).stdout);
  if (partition === undefined) throw refuse("has no partition 1, where the root filesystem must be");
  const filesystem = withinDisk(raw, partition);
  const env = { ...WITH_SBIN, LC_ALL: "C", TZ: "UTC" };
  const root = readFilesystem((await attempt({ argv: ["dumpe2fs", "-h", filesystem], env })).stdout);
  if (root === undefined) throw refuse("has no ext4 filesystem in its partition 1");
  const debugfs = async (command: string) =>
    (await attempt({ argv: ["debugfs", "-R", command, filesystem], env, cwd: product })).stdout;
  const system = readSystem(
    await debugfs("cat /usr/lib/os-release"),
    await debugfs("cat /var/lib/dpkg/status"),
  );
  if ("fault" in system) throw refuse(system.fault, system.hint);
  const kernel = newestKernel(await debugfs("ls -p /boot"));
  if (kernel === undefined) throw refuse("has no kernel in /boot");
  await debugfs(`dump /boot/${kernel} vmlinuz`);
  await rm(raw);
  return { release: system.release, diskMiB: Math.ceil(header.bytes / 2 ** 20), root };
}
