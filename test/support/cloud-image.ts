import { mkdir, mkdtemp, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { baseSpec } from "../../src/compute/local/base-spec.js";
import { compressArgv, GRUB_BOOT_IMAGE, mke2fsArgv, SECTOR } from "../../src/compute/local/disk-layout.js";
import { unpack } from "../../src/do/local/assemble-disk.js";
import { ensureBaseTree } from "../../src/do/local/base-tree.js";
import { WITH_SBIN } from "../../src/do/local/tools.js";
import { run } from "../../src/do/process.js";
import { writeFiles } from "../../src/do/write-files.js";

// A cloud image with the layout of Debian's genericcloud: GPT; the root filesystem in partition 1, which is last on the disk; a BIOS boot
// partition 14 and an EFI partition 15; kernels by version in GRUB's menu; fstab by partition; apt's mirrors in a list.

const MIB = 2048;
const partitions = {
  bios: { start: MIB, size: 3 * MIB },
  efi: { start: 4 * MIB, size: 124 * MIB },
  root: { start: 128 * MIB, uuid: "2b6a1a3c-3d0a-4c53-9d3b-5f1b3f2b7a10" },
};
export const cloudImage = {
  filesystem: "6f6a2f3e-8a51-4c1e-9a55-3f0a5f0c9d21",
  partition: partitions.root.uuid,
  rootStart: partitions.root.start,
  /** At the beginning of the EFI partition. */
  efi: { start: partitions.efi.start, mark: "what is in the EFI partition" },
};

/** Seconds since 1970. */
const made = "1750000000";

const table = `label: gpt
label-id: 5E1E0A0C-7C44-4E0B-9D2B-8F5A0B8C9D01
unit: sectors
1 : start=${partitions.root.start}, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=${partitions.root.uuid}
14 : start=${partitions.bios.start}, size=${partitions.bios.size}, type=21686148-6449-6E6F-744E-656564454649, uuid=7c9d3c6e-1b0a-4f35-8a41-2f0f6a1b7e14
15 : start=${partitions.efi.start}, size=${partitions.efi.size}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=7c9d3c6e-1b0a-4f35-8a41-2f0f6a1b7e15
`;

export interface CloudImageParts {
  diskMiB?: number;
  /** Path to text, of the tree. */
  files?: Record<string, string>;
  /** True: with all files of the base; otherwise an image that only has the layout. */
  whole?: boolean;
  /** True: with a boot loader for UEFI in the EFI partition; otherwise the partition has only a mark. */
  efi?: boolean;
}

/** Makes one; returns the path of the qcow2. */
export async function makeCloudImage(folder: string, parts: CloudImageParts = {}): Promise<string> {
  const { diskMiB = 2048, files = {}, whole = false, efi = false } = parts;
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, "making-"));
  const tree = join(work, "tree");
  if (whole) await unpack((await ensureBaseTree(baseSpec())).tar, tree);
  else await mkdir(tree);
  const ofSystem = whole ? await wholeFiles(tree) : looks;
  await writeFiles(
    tree,
    Object.entries({ ...ofSystem, ...files }).map(([path, content]) => ({ path, content })),
  );
  const raw = join(work, "disk.raw");
  await run({ argv: ["truncate", "-s", `${diskMiB}M`, raw] });
  await run({ argv: ["sfdisk", "--quiet", raw], input: table, env: WITH_SBIN });
  const kibibytes = diskMiB * 1024 - partitions.root.start / 2 - 1024;
  const named = { tree, disk: raw, uuid: cloudImage.filesystem, label: "" };
  // always the same, so that bakes of it are found in the cache
  const time = { SOURCE_DATE_EPOCH: made, E2FSPROGS_FAKE_TIME: made };
  await run({
    argv: ["find", tree, "-newermt", `@${made}`, "-exec", "touch", "-h", "-d", `@${made}`, "{}", "+"],
  });
  await run({
    argv: mke2fsArgv({ ...named, start: partitions.root.start, kibibytes }),
    env: { ...WITH_SBIN, ...time },
  });
  await writeBootCode(raw, work);
  await writeEfi(raw, efi ? await efiPartition(work) : Buffer.from(cloudImage.efi.mark));
  const image = join(folder, "genericcloud.qcow2");
  await run({ argv: compressArgv({ path: raw, format: "raw" }, join(work, "disk.qcow2")) });
  await rename(join(work, "disk.qcow2"), image);
  await rm(work, { recursive: true });
  return image;
}

const status = ["dpkg", "cloud-init", "openssh-server", "sudo", "systemd-resolved", "systemd-sysv"]
  .map((name) => `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\n`)
  .join("\n");

/** The parts that are checked before a bake. */
const looks = {
  "usr/lib/os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n',
  "var/lib/dpkg/status": status,
  "boot/vmlinuz-6.12.9-cloud-amd64": "a kernel\n",
};

async function wholeFiles(tree: string): Promise<Record<string, string>> {
  const { stdout } = await run({ argv: ["ls", join(tree, "boot")] });
  const [, kernel = ""] = /^vmlinuz-(.*)$/m.exec(stdout) ?? [];
  await rm(join(tree, "etc/cloud/cloud.cfg.d/91_base-image.cfg"));
  const sources = await readFile(join(tree, "etc/apt/sources.list.d/debian.sources"), "utf8");
  const mirrors = /^URIs: (\S+\/debian)$/m.exec(sources)?.[1] ?? "";
  const root = `PARTUUID=${partitions.root.uuid}`;
  return {
    "etc/fstab": `${root} / ext4 rw,discard,errors=remount-ro,x-systemd.growfs 0 1\n`,
    "etc/apt/mirrors/debian.list": `${mirrors}\n`,
    "etc/apt/sources.list.d/debian.sources": sources.replaceAll(
      `URIs: ${mirrors}\n`,
      "URIs: mirror+file:///etc/apt/mirrors/debian.list\n",
    ),
    "boot/grub/grub.cfg": `linux /boot/vmlinuz-${kernel} root=${root} ro console=tty0 console=ttyS0,115200
initrd /boot/initrd.img-${kernel}
boot
`,
  };
}

/** Writes GRUB: boot.img has the sector of the core image, whose first sector has the position of the rest; here they are in partition 14. */
async function writeBootCode(disk: string, work: string): Promise<void> {
  const core = join(work, "core.img");
  await makeCore("i386-pc", core, ["biosdisk"]);
  const [boot, stage] = [await readFile(GRUB_BOOT_IMAGE), await readFile(core)];
  boot.writeBigUInt64LE(BigInt(partitions.bios.start), 0x5c);
  stage.writeBigUInt64LE(BigInt(partitions.bios.start + 1), 0x1f4);
  const handle = await open(disk, "r+");
  try {
    await handle.write(boot, 0, 440, 0);
    await handle.write(stage, 0, stage.length, partitions.bios.start * SECTOR);
  } finally {
    await handle.close();
  }
}

/** Makes GRUB's core image for a platform. It reads its menu from partition 1 of the disk that it was loaded from. */
async function makeCore(platform: string, file: string, more: readonly string[] = []): Promise<void> {
  const modules = ["part_gpt", "ext2", "linux", "normal", "configfile", ...more];
  const argv = ["grub-mkimage", "-O", platform, "-o", file, "-p", "(,gpt1)/boot/grub", ...modules] as const;
  await run({ argv, env: WITH_SBIN });
}

/** A FAT filesystem with GRUB at the path where firmware looks on any disk. */
async function efiPartition(work: string): Promise<Buffer> {
  const [loader, image] = [join(work, "BOOTX64.EFI"), join(work, "efi.img")];
  await makeCore("x86_64-efi", loader, ["fat"]);
  await run({ argv: ["truncate", "-s", String(partitions.efi.size * SECTOR), image] });
  await run({ argv: ["mformat", "-i", image, "-v", "EFI", "::"] });
  await run({ argv: ["mmd", "-i", image, "::/EFI", "::/EFI/BOOT"] });
  await run({ argv: ["mcopy", "-i", image, loader, "::/EFI/BOOT/BOOTX64.EFI"] });
  return readFile(image);
}

async function writeEfi(disk: string, content: Buffer): Promise<void> {
  const handle = await open(disk, "r+");
  await handle.write(content, 0, content.length, partitions.efi.start * SECTOR).finally(() => handle.close());
}
