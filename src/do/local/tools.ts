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
  git: "git",
  ip: "iproute2",
  mke2fs: "e2fsprogs",
  mmdebstrap: "mmdebstrap",
  nsenter: "util-linux",
  "systemd-nspawn": "systemd-container",
  newuidmap: "uidmap",
  packer: "packer",
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
  refuseMissing(await missingTools(tools));
}

export async function missingTools(tools: readonly Tool[]): Promise<Tool[]> {
  const all = [...new Set(tools)];
  const found = await Promise.all(all.map(hasTool));
  return all.filter((_, index) => !found[index]);
}

/** Throws UserError with an apt-get command if tools are missing. `otherwise`: another way out. */
export function refuseMissing(missing: readonly Tool[], otherwise?: string): void {
  if (missing.length === 0) return;
  const install = `apt-get install --no-install-recommends ${packagesWith(missing).join(" ")}`;
  throw new UserError(`missing on this machine: ${missing.join(", ")}`, {
    hint: otherwise === undefined ? install : `${install}; or ${otherwise}`,
  });
}

/** The Debian packages with these tools. */
export function packagesWith(tools: readonly Tool[]): string[] {
  return [...new Set(tools.map((tool) => PACKAGES[tool]))].sort();
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
