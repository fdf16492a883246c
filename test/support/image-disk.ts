import { mkdirSync } from "node:fs";
import { run } from "../../src/do/process.js";
import { FIRST_SECTOR, SECTOR } from "../../src/compute/local/disk-layout.js";
import { WITH_SBIN } from "../../src/do/local/tools.js";

/** Converts the disk of an image to a raw disk. */
export async function rawDisk(image: string, raw: string): Promise<void> {
  await run({ argv: ["qemu-img", "convert", "-O", "raw", image, raw], timeout: 300_000 });
}

/**
 * Runs a sh script in the root of a raw disk's filesystem, which is mounted read-only for it. `words`: its arguments. Needs
 * root.
 */
export async function inDisk(raw: string, script: string, ...words: string[]): Promise<string> {
  const mount = `${raw}.mount`;
  mkdirSync(mount, { recursive: true });
  const enter = `set -eu; mount -o ro,noload,loop,offset=${FIRST_SECTOR * SECTOR} "$1" "$2"; cd "$2"; shift 2\n`;
  const inNamespace = ["unshare", "--mount", "--propagation", "private", "sh", "-c", enter + script] as const;
  const argv = [...inNamespace, "in-disk", raw, mount, ...words] as const;
  return (await run({ argv, env: WITH_SBIN, timeout: 300_000 })).stdout;
}

/** Files of an image with times, each with a sed -E script that replaces the times. */
const times: Readonly<Record<string, string>> = {
  "./etc/shadow": "s/^([^:]*:[^:]*:)[0-9]+:/\\1:/",
  "./etc/shadow-": "s/^([^:]*:[^:]*:)[0-9]+:/\\1:/",
  "./etc/sudoers.d/90-cloud-init-users": "s/^(# Created by cloud-init.*) on .*/\\1/",
};

const LIST = `find . -xdev \\( -type f -o -type l -o -type d \\) -printf '%P\\t%y %m %U:%G %l\\n' | sort
echo ==
find . -xdev -type f -print0 | sort -z | xargs -0 sha256sum
echo ==
while [ $# -gt 0 ]; do
  [ ! -e "$1" ] || printf '%s  %s\\n' "$(sed -E "$2" "$1" | sha256sum | cut -c -64)" "$1"
  shift 2
done
echo ==
getcap -r . 2>/dev/null | sort
`;

/** Type, mode, owners, link target, checksum and capabilities of a raw disk's files, by path. */
export interface DiskFiles {
  /** With unchanged contents. */
  exact: Map<string, string>;
  /** Without the times that some files contain. */
  timeless: Map<string, string>;
}

export async function filesOf(raw: string): Promise<DiskFiles> {
  const said = await inDisk(raw, LIST, ...Object.entries(times).flat());
  const [names = [], sums = [], masked = [], capabilities = []] = said
    .split(/^==$/m)
    .map((part) => part.split("\n").filter((line) => line !== ""));
  const withSums = (lines: string[]) => {
    const files = new Map(names.map((line) => line.split("\t") as [string, string]));
    const sumOf = new Map(lines.map((line) => [line.slice(68), line.slice(0, 64)]));
    for (const [path, what] of files) files.set(path, [what, sumOf.get(path)].join(" ").trim());
    for (const line of capabilities) {
      const path = line.replace(/^\.\/| .*$/g, "");
      files.set(path, `${files.get(path) ?? ""} ${line}`);
    }
    return files;
  };
  return { exact: withSums(sums), timeless: withSums([...sums, ...masked]) };
}

/** Paths that differ, or that only one of them has. */
export function differences(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  const paths = new Set([...one.keys(), ...other.keys()]);
  return [...paths].filter((path) => one.get(path) !== other.get(path)).sort();
}

/** Data of a raw disk besides files: partitions, and identities of its filesystem. */
export async function shapeOf(raw: string): Promise<string> {
  const { stdout: table } = await run({ argv: ["sfdisk", "--dump", raw], env: WITH_SBIN });
  const { stdout } = await run({
    argv: ["dumpe2fs", "-h", `${raw}?offset=${FIRST_SECTOR * SECTOR}`],
    env: WITH_SBIN,
  });
  const known = /^(Filesystem (volume name|UUID|features)|Inode count|Block count|Block size):.*$/gm;
  return [table.replaceAll(raw, "disk"), ...(stdout.match(known) ?? [])].join("\n");
}
