import { readdir, readFile, rename, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { run } from "../process.js";
import { withTemporaryFolder } from "../temporary-folder.js";
import { withLock } from "./lock.js";

/** An entry of the cache. */
export interface ListedEntry {
  /** Its purpose: base, chroot, disks, downloads, packages, sources, … */
  kind: string;
  name: string;
  path: string;
  /** Bytes on the disk, not the apparent size. */
  bytes: number;
  /** When it was last used, or made. */
  used: Date;
  /** A container has it mounted. */
  mounted: boolean;
}

/** All entries by kind, last used first. Internal files of the cache and unfinished entries are left out. */
export async function listCache(cache: string): Promise<ListedEntry[]> {
  const paths: string[] = [];
  for (const kind of await namesIn(cache))
    for (const name of await namesIn(join(cache, kind))) paths.push(join(cache, kind, name));
  const sizes = await diskUsage(paths);
  const backing = await loopFiles();
  const entries = await Promise.all(
    paths.map(async (path) => ({
      kind: basename(dirname(path)),
      name: basename(path),
      path,
      bytes: sizes.get(path) ?? 0,
      used: (await stat(path)).mtime,
      mounted: backing.some((file) => file.startsWith(path + sep)),
    })),
  );
  return entries.sort((a, b) => a.kind.localeCompare(b.kind) || b.used.getTime() - a.used.getTime());
}

/** Entries that were not used since this time, and that no container has mounted. */
export function unusedSince(entries: readonly ListedEntry[], time: Date): ListedEntry[] {
  return entries.filter(({ used, mounted }) => !mounted && used < time);
}

/**
 * Deletes an entry. It is first renamed under the lock of those who make entries, so that nobody finds an incomplete one. False if it
 * was used or deleted since it was listed.
 */
export async function deleteEntry({ path, used }: ListedEntry): Promise<boolean> {
  const remove = () =>
    withTemporaryFolder(dirname(path), async (temporary) => {
      const is = await stat(path).catch(() => undefined);
      if (is === undefined || is.mtime > used) return false;
      await rename(path, join(temporary, "deleted"));
      return true;
    });
  return withLock(`${path}.lock`, remove, () => undefined);
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
  return names.filter((name) => !name.startsWith(".") && !/\.lock(\.|$)/.test(name));
}

async function diskUsage(paths: readonly string[]): Promise<Map<string, number>> {
  if (paths.length === 0) return new Map();
  const { stdout } = await run({ argv: ["du", "-s", "-x", "-B1", "--", ...paths] });
  const lines = stdout.trimEnd().split("\n");
  return new Map(
    lines.map((line) => line.split("\t")).map(([bytes = "", path = ""]) => [path, Number(bytes)]),
  );
}

/** The files behind this machine's loop devices. */
async function loopFiles(): Promise<string[]> {
  const devices = (await readdir("/sys/block").catch(() => [])).filter((name) => name.startsWith("loop"));
  const files = devices.map((name) =>
    readFile(`/sys/block/${name}/loop/backing_file`, "utf8").catch(() => ""),
  );
  return (await Promise.all(files)).map((file) => file.trimEnd());
}
