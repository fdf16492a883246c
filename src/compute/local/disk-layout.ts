/**
 * The base image's disk: an MBR partition table with one ext4 partition, GRUB's first stage in sector 0 and its core
 * in the gap after it. Nothing is mounted and no loop device is used, so grub-install and grub-probe have no part in it.
 */
export const SECTOR = 512;
/** Where the partition starts, in sectors: 1 MiB, what every partitioning tool leaves free for GRUB's core. */
export const FIRST_SECTOR = 2048;
/** The MBR's first 440 bytes are code; the disk's id and the partition table follow. */
export const BOOT_CODE_BYTES = 440;
export const ROOT_LABEL = "sip-root";

/** Counts the changes that the cache key would not notice by itself (packages, files and sealing are in it). */
export const LAYOUT_VERSION = 1;

/** sfdisk's input for the one partition; `diskId` is eight hex digits. */
export function partitionTable(diskId: string): string {
  return `label: dos\nlabel-id: 0x${diskId}\nunit: sectors\nstart=${FIRST_SECTOR}, type=83, bootable\n`;
}

/**
 * mke2fs makes the filesystem and fills it from a folder. metadata_csum_seed and orphan_file are on by default from
 * e2fsprogs 1.47.1 on; Debian 12's GRUB cannot read such a filesystem.
 */
export function mke2fsArgv(options: {
  tree: string;
  disk: string;
  uuid: string;
  /** May be empty. */
  label: string;
  /** Sectors before the filesystem. */
  start: number;
  kibibytes: number;
}) {
  const { tree, disk, uuid, label, start, kibibytes } = options;
  const extended = `offset=${start * SECTOR},root_owner=0:0,hash_seed=${uuid}`;
  const features = "^metadata_csum_seed,^orphan_file";
  const argv = ["mke2fs", "-q", "-t", "ext4", "-L", label, "-U", uuid, "-O", features] as const;
  return [...argv, "-E", extended, "-d", tree, disk, `${kibibytes}k`] as const;
}

/** GRUB's core: enough to read the configuration, the kernel and the initrd from the partition beside it, nothing to load. */
export function grubMkimageArgv(core: string) {
  const modules = ["biosdisk", "part_msdos", "ext2", "linux", "normal", "configfile"];
  const prefix = "(,msdos1)/boot/grub"; // no disk named: the one that the BIOS booted from
  return ["grub-mkimage", "-O", "i386-pc", "-o", core, "-p", prefix, ...modules] as const;
}

/** Where grub-pc-bin puts the first stage. */
export const GRUB_BOOT_IMAGE = "/usr/lib/grub/i386-pc/boot.img";

/** Debian's kernel packages keep the links /vmlinuz and /initrd.img, so the menu never has to be generated again. */
export const GRUB_CFG = `# Boots the newest installed kernel through the links that its package keeps.
linux /vmlinuz root=LABEL=${ROOT_LABEL} ro console=tty0 console=ttyS0,115200
initrd /initrd.img
boot
`;

const FSTAB = `LABEL=${ROOT_LABEL} / ext4 rw,discard,errors=remount-ro 0 1\n`;

const HOSTS = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";

/**
 * The same image finds its data on a seed disk (NoCloud), an OpenStack config drive or at a cloud's metadata service; ds-identify chooses by what
 * the machine shows of itself, and asks nobody. The mirror that the base was
 * made from stays. The locale is one that needs no generating (Debian 12's cloud-init fails on its own default, en_US.UTF-8). No RSA
 * host key: an emulated guest looks for its primes for many seconds of its first boot.
 */
const CLOUD_CFG = `# The base image's own settings; user-data may change them.
datasource_list: [NoCloud, ConfigDrive, OpenStack, Azure, GCE, Ec2, None]
apt:
  preserve_sources_list: true
locale: C.UTF-8
ssh_genkeytypes: [ed25519, ecdsa]
`;

/** The files that the image has beyond its packages: path inside the image, text. */
export const BASE_FILES: Readonly<Record<string, string>> = {
  "/boot/grub/grub.cfg": GRUB_CFG,
  "/etc/cloud/cloud.cfg.d/91_base-image.cfg": CLOUD_CFG,
  "/etc/fstab": FSTAB,
  "/etc/hosts": HOSTS,
};

/** Compressed qcow2; zstd packs four times as fast as zlib and is read faster (QEMU 5.1 and later). */
export function compressArgv(disk: { path: string; format: "raw" | "qcow2" }, compressed: string) {
  const target = ["-O", "qcow2", "-c", "-o", "compression_type=zstd"] as const;
  return ["qemu-img", "convert", "-f", disk.format, ...target, disk.path, compressed] as const;
}

/** qemu-img: the disk of a qcow2 as a raw one, sparse. No other format is guessed from what the file holds. */
export function rawArgv(qcow2: string, raw: string) {
  return ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", qcow2, raw] as const;
}
