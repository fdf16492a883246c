import type { DebianRelease } from "./base-spec.js";
import { SECTOR } from "./disk-layout.js";

/** The partition of a cloud image that holds the system, as its disk was made. */
export interface RootPartition {
  /** Sectors. */
  start: number;
  sectors: number;
}

/** Its filesystem: what boot loaders and fstab know it by, and when it was made (seconds since 1970). */
export interface RootFilesystem {
  uuid: string;
  label: string;
  epoch: number;
}

/** Debian's cloud images have the root filesystem in the first partition, whatever comes before it on the disk. */
export const ROOT_NUMBER = 1;

/** util-linux' partx: where the root partition lies. */
export function partitionArgv(disk: string) {
  return ["partx", "-g", "-b", "-o", "START,SECTORS", "-n", String(ROOT_NUMBER), "--", disk] as const;
}

export function readPartition(output: string): RootPartition | undefined {
  const [, start, sectors] = /^\s*(\d+)\s+(\d+)\s*$/.exec(output) ?? [];
  return start === undefined ? undefined : { start: Number(start), sectors: Number(sectors) };
}

/** A filesystem within a disk, as e2fsprogs are told of it. */
export function withinDisk(disk: string, { start }: RootPartition): string {
  return `${disk}?offset=${start * SECTOR}`;
}

/** What `dumpe2fs -h` (C locale, UTC) says. */
export function readFilesystem(output: string): RootFilesystem | undefined {
  const value = (name: string) => new RegExp(`^${name}: +(.*)$`, "m").exec(output)?.[1] ?? "";
  const uuid = value("Filesystem UUID");
  const made = Date.parse(`${value("Filesystem created")} UTC`);
  if (!/^[0-9a-f-]{36}$/.test(uuid) || Number.isNaN(made)) return undefined;
  const label = value("Filesystem volume name");
  return { uuid, label: label === "<none>" ? "" : label, epoch: made / 1000 };
}

/** What a bake works with in a base; Debian's cloud images have all of it. */
const NEEDED = ["cloud-init", "openssh-server", "sudo", "systemd-resolved", "systemd-sysv"] as const;

const RELEASES: Record<string, DebianRelease> = { "12": "debian-12", "13": "debian-13" };

/** What an image is, by its os-release(5) and dpkg's status file; or why it is no base. */
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

/** Name to architecture. */
function installedPackages(status: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const stanza of status.split(/\n{2,}/)) {
    const value = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1] ?? "";
    if (value("Status").endsWith(" installed")) found.set(value("Package"), value("Architecture"));
  }
  return found;
}

/** The newest kernel's file, of what debugfs' `ls -p /boot` lists. */
export function newestKernel(listing: string): string | undefined {
  const names = [...listing.matchAll(/\/(vmlinuz-[\w.+~-]+)\/\d+\/$/gm)].map(([, name = ""]) => name);
  return names.sort(new Intl.Collator("en", { numeric: true }).compare).at(-1);
}
