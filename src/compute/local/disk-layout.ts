/**
 * The base image's disk: an MBR partition table with one ext4 partition, GRUB's boot.img in sector 0 and its core image in the gap after
 * it. It is made without mounts and loop devices, and so without grub-install and grub-probe.
 */
export const SECTOR = 512;
/** First sector of the partition: at 1 MiB, the usual gap for GRUB's core image. */
export const FIRST_SECTOR = 2048;
/** Bytes of code at the beginning of the MBR; the disk's id and the partition table follow. */
export const BOOT_CODE_BYTES = 440;
export const ROOT_LABEL = "sip-root";

/** Increase it after changes that are not part of the cache key (packages, files and sealing are). */
export const LAYOUT_VERSION = 1;

/** Input of sfdisk for the partition. `diskId`: eight hex digits. */
export function partitionTable(diskId: string): string {
  return `label: dos\nlabel-id: 0x${diskId}\nunit: sectors\nstart=${FIRST_SECTOR}, type=83, bootable\n`;
}

/**
 * mke2fs makes the filesystem with the files of a folder. metadata_csum_seed and orphan_file are defaults since e2fsprogs 1.47.1; they
 * are turned off, because Debian 12's GRUB cannot read such a filesystem.
 */
export function mke2fsArgv(options: {
  tree: string;
  disk: string;
  uuid: string;
  /** Label; may be empty. */
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

/** GRUB's core image with all modules to read configuration, kernel and initrd from the partition. */
export function grubMkimageArgv(core: string) {
  const modules = ["biosdisk", "part_msdos", "ext2", "linux", "normal", "configfile"];
  const prefix = "(,msdos1)/boot/grub"; // without a disk, GRUB uses the one that the BIOS has booted
  return ["grub-mkimage", "-O", "i386-pc", "-o", core, "-p", prefix, ...modules] as const;
}

/** Path of GRUB's boot.img in the package grub-pc-bin. */
export const GRUB_BOOT_IMAGE = "/usr/lib/grub/i386-pc/boot.img";

/**
 * The menu never has to be generated: Debian's kernel packages maintain the links /vmlinuz and /initrd.img. A guest reboots 10 s after a
 * kernel panic, as a host does with its sysctl: with two emulated processors, a boot sometimes ends in one (QEMU 7.2, Linux 6.12:
 * "Fatal exception in interrupt", in the initrd).
 */
export const GRUB_CFG = `# Boots the newest installed kernel through the links that its package keeps.
linux /vmlinuz root=LABEL=${ROOT_LABEL} ro console=tty0 console=ttyS0,115200 panic=10
initrd /initrd.img
boot
`;

const FSTAB = `LABEL=${ROOT_LABEL} / ext4 rw,discard,errors=remount-ro 0 1\n`;

const HOSTS = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";

/**
 * The image works with a seed disk (NoCloud), an OpenStack config drive or a cloud's metadata service; ds-identify chooses by the machine's
 * hardware data, without network requests. The mirror of the base stays. The locale needs no generation (Debian 12's cloud-init fails with
 * its default, en_US.UTF-8). There is no RSA host key: an emulated guest would need many seconds at its first boot to make one.
 */
const CLOUD_CFG = `# The base image's own settings; user-data may change them.
datasource_list: [NoCloud, ConfigDrive, OpenStack, Azure, GCE, Ec2, None]
apt:
  preserve_sources_list: true
locale: C.UTF-8
ssh_genkeytypes: [ed25519, ecdsa]
`;

/** Files of the image in addition to its packages: texts by path. */
export const BASE_FILES: Readonly<Record<string, string>> = {
  "/boot/grub/grub.cfg": GRUB_CFG,
  "/etc/cloud/cloud.cfg.d/91_base-image.cfg": CLOUD_CFG,
  "/etc/fstab": FSTAB,
  "/etc/hosts": HOSTS,
};

/** Makes a compressed qcow2. zstd compresses four times as fast as zlib, and is read faster (QEMU 5.1 and later). */
export function compressArgv(disk: { path: string; format: "raw" | "qcow2" }, compressed: string) {
  const target = ["-O", "qcow2", "-c", "-o", "compression_type=zstd"] as const;
  return ["qemu-img", "convert", "-f", disk.format, ...target, disk.path, compressed] as const;
}

/** Converts a qcow2 to a sparse raw disk. The format is given, so that qemu-img does not guess it from the content. */
export function rawArgv(qcow2: string, raw: string) {
  return ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", qcow2, raw] as const;
}
