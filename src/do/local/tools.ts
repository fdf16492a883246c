import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { UserError } from "../../errors.js";

/** The Debian package of each program (or file, by absolute path) that code for this machine uses. */
const PACKAGES = {
  "/usr/lib/apt/apt-helper": "apt",
  "/usr/lib/grub/i386-pc/boot.img": "grub-pc-bin",
  "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
  "grub-mkimage": "grub-common",
  debugfs: "e2fsprogs",
  dumpe2fs: "e2fsprogs",
  fallocate: "util-linux",
  genisoimage: "genisoimage",
  ip: "iproute2",
  mke2fs: "e2fsprogs",
  mmdebstrap: "mmdebstrap",
  nsenter: "util-linux",
  "systemd-nspawn": "systemd-container",
  newuidmap: "uidmap",
  partx: "util-linux",
  "qemu-img": "qemu-utils",
  "qemu-system-x86_64": "qemu-system-x86",
  setpriv: "util-linux",
  sfdisk: "fdisk",
  slirp4netns: "slirp4netns",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  tar: "tar",
  unshare: "util-linux",
} as const;

export type Tool = keyof typeof PACKAGES;

/** PATH with the sbin folders, which an ordinary user's PATH does not have in Debian. */
export const WITH_SBIN = { PATH: pathWithSbin() };

function pathWithSbin(): string {
  return `${process.env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`;
}

/** Throws UserError with an apt-get command if some are missing. */
export async function requireTools(...tools: readonly Tool[]): Promise<void> {
  const found = await Promise.all(tools.map(hasTool));
  const missing = tools.filter((_, index) => !found[index]);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((tool) => PACKAGES[tool]))].sort();
  throw new UserError(`missing on this machine: ${missing.join(", ")}`, {
    hint: `apt-get install --no-install-recommends ${packages.join(" ")}`,
  });
}

/** Whether a program is in PATH (or sbin), or a file exists. */
export async function hasTool(tool: string): Promise<boolean> {
  const files = isAbsolute(tool)
    ? [tool]
    : pathWithSbin()
        .split(delimiter)
        .map((folder) => join(folder, tool));
  const mode = isAbsolute(tool) ? constants.R_OK : constants.X_OK;
  const results = await Promise.all(
    files.map((file) =>
      access(file, mode).then(
        () => true,
        () => false,
      ),
    ),
  );
  return results.includes(true);
}
