import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { imageLock, lockText, readLock, type ImageLock, type LockedParts } from "../../compute/image/lock.js";
import { readListedPackages } from "../../compute/image/listed-packages.js";
import { UserError } from "../../errors.js";
import { version } from "../assets.js";
import { fileDigest } from "../local/content-digest.js";
import { writeFiles } from "../write-files.js";
import type { SourceArchive } from "./sources.js";

/** The lock file's name beside an image's manifest. */
export const lockFileName = "image.lock";

/** Throws UserError when the file cannot be read, or is no lock file. */
export async function readLockFile(file: string): Promise<ImageLock> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UserError(`cannot read the lock file ${file}`, {
      hint: `bake-image writes ${lockFileName} beside each image; copy the one to keep there`,
      cause,
    });
  });
  const lock = readLock(text);
  if (lock) return lock;
  throw new UserError(`${file} is no lock file of an image, or one of another release of sip-proxy`);
}

/** The lock file in the folder of an image; undefined when the image was baked by a release that wrote none. */
export async function storedLock(folder: string): Promise<ImageLock | undefined> {
  const file = join(folder, lockFileName);
  return (await stat(file).catch(() => undefined)) === undefined ? undefined : readLockFile(file);
}

/** Makes the lock of what Packer has baked in `work`, and writes it and the bill of materials to the image's folder. */
export async function writeLock(
  work: string,
  folder: string,
  base: LockedParts["base"],
  sources: ReadonlyMap<string, SourceArchive>,
): Promise<ImageLock> {
  const listed = readListedPackages(await readFile(join(work, "output", "packages.tsv"), "utf8"));
  const archives: LockedParts["sources"] = {};
  for (const [name, { file, pin }] of sources) archives[name] = { pin, sha256: await fileDigest(file) };
  const lock = imageLock({ base, sources: archives, tools: { "sip-proxy": version() } }, listed);
  const { sbomFileName, sbomText } = await import("../../compute/image/sbom.js");
  await writeFiles(folder, [
    { path: lockFileName, content: lockText(lock) },
    { path: sbomFileName, content: sbomText(base.name, lock) },
  ]);
  return lock;
}
