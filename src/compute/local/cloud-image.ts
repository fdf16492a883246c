import type { DebianRelease } from "./base-spec.js";
import { SECTOR } from "./disk-layout.js";

/** The root partition of a cloud image. */
export interface RootPartition {
  /** Sectors. */
  start: number;
  sectors: number;
}

/** Its filesystem: UUID and label for boot loaders and fstab, and its creation time (seconds since 1970). */
export interface RootFilesystem {
  uuid: string;
  label: string;
  epoch: number;
}

/** Debian's cloud images have the root filesystem in partition 1, which is not always the first on the disk. */
export const ROOT_NUMBER = 1;

/** The command (util-linux' partx) that prints the position of the root partition. */
export function partitionArgv(disk: string) {
  return ["partx", "-g", "-b", "-o", "START,SECTORS", "-n", String(ROOT_NUMBER), "--", disk] as const;
}

export function readPartition(output: string): RootPartition | undefined {
  const [, start, sectors] = /^\s*(\d+)\s+(\d+)\s*$/.exec(output) ?? [];
  return start === undefined ? undefined : { start: Number(start), sectors: Number(sectors) };
}

/** A filesystem inside a disk, in the syntax of e2fsprogs. */
export function withinDisk(disk: string, { start }: RootPartition): string {
  return `${disk}?offset=${start * SECTOR}`;
}

/** Reads the output of `dumpe2fs -h` (C locale, UTC). */
export function readFilesystem(output: string): RootFilesystem | undefined {
  const value = (name: string) => new RegExp(`^${name}: +(.*)$`, "m").exec(output)?.[1] ?? "";
  const uuid = value("Filesystem UUID");
  const made = Date.parse(`${value("Filesystem created")} UTC`);
  if (!/^[0-9a-f-]{36}$/.test(uuid) || Number.isNaN(made)) return undefined;
  const label = value("Filesystem volume name");
  return { uuid, label: label === "<none>" ? "" : label, epoch: made / 1000 };
}

/** Packages that a bake needs in a base. Debian's cloud images have all of them. */
const NEEDED = ["cloud-init", "openssh-server", "sudo", "systemd-resolved", "systemd-sysv"] as const;

const RELEASES: Record<string, DebianRelease> = { "12": "debian-12", "13": "debian-13" };

/** An image's system, from its os-release(5) and dpkg's status file; or why it cannot be a base. */
export function readSystem(
  osRelease: string,
  status: string,
): { release: DebianRelease } | { fault: string; hint?: string } {
  const value = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(osRelease)?.[1];
  const system = value("PRETTY_NAME") ?? "a system without /usr/lib/os-release";
  const release = value("ID") === "debian" ? RELEASES[value("VERSION_ID") ?? ""] : undefined;
  if (release === undefined) return { fault: `contains ${system}; it must be Debian 12 or 13` };
  const packages = installedPackages(status);
  const architecture = packages.get("dpkg");
  if (architecture !== "amd64")
    return {
      fault: `contains Debian for ${architecture ?? "an unknown architecture"}; it must be for amd64`,
    };
  const missing = NEEDED.filter((name) => !packages.has(name));
  if (missing.length > 0)
    return {
      fault: `does not have ${missing.join(", ")}`,
      hint: "add the packages, or use one of Debian's genericcloud images, which have them",
    };
  return { release };
}

/** The architecture of each package, by name. */
function installedPackages(status: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const stanza of status.split(/\n{2,}/)) {
    const value = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1] ?? "";
    if (value("Status").endsWith(" installed")) found.set(value("Package"), value("Architecture"));
  }
  return found;
}

/** The file of the newest kernel, from the output of debugfs' `ls -p /boot`. */
export function newestKernel(listing: string): string | undefined {
  const names = [...listing.matchAll(/\/(vmlinuz-[\w.+~-]+)\/\d+\/$/gm)].map(([, name = ""]) => name);
  return names.sort(new Intl.Collator("en", { numeric: true }).compare).at(-1);
}
