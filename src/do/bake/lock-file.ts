import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { imageLock, lockText, readLock, type ImageLock, type LockedParts } from "../../compute/image/lock.js";
import { listedFile, sbomFileName } from "../../compute/image/provisioners.js";
import { readListedPackages } from "../../compute/image/listed-packages.js";
import { UserError } from "../../errors.js";
import { version } from "../assets.js";
import { fileDigest } from "../local/content-digest.js";
import { writeFiles } from "../write-files.js";
import type { SourceArchive } from "./sources.js";

/** The lock file's name beside an image's manifest. */
export const lockFileName = "image.lock";

/** Reads a lock file. Throws UserError if it cannot be read, or is not a lock file. */
export async function readLockFile(file: string): Promise<ImageLock> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UserError(`cannot read the lock file ${file}`, {
      hint: `bake-image writes ${lockFileName} beside each image; copy it to this path`,
      cause,
    });
  });
  const lock = readLock(text);
  if (lock) return lock;
  throw new UserError(`${file} is not a lock file of this release of sip-proxy`);
}

/** The lock file in the folder of an image; undefined for an image of an earlier release, which wrote none. */
export async function storedLock(folder: string): Promise<ImageLock | undefined> {
  const file = join(folder, lockFileName);
  return (await stat(file).catch(() => undefined)) === undefined ? undefined : readLockFile(file);
}

/** What an image was made from, besides its packages. */
interface MadeOf {
  base: LockedParts["base"];
  sources: ReadonlyMap<string, SourceArchive>;
}

/** The lock file's content for the packages that Packer has listed in `work`, and the bill of materials. */
async function describe(work: string, { base, sources }: MadeOf): Promise<{ lock: ImageLock; sbom: string }> {
  const listed = readListedPackages(await readFile(join(work, "output", listedFile), "utf8"));
  const archives: LockedParts["sources"] = {};
  for (const [name, { file, pin }] of sources) archives[name] = { pin, sha256: await fileDigest(file) };
  const lock = imageLock({ base, sources: archives, tools: { "sip-proxy": version() } }, listed);
  const { sbomText } = await import("../../compute/image/sbom.js");
  return { lock, sbom: sbomText(base.name, lock) };
}

/** Writes the bill of materials, which Packer waits for and copies to the image. */
export async function answerWithSbom(work: string, madeOf: MadeOf): Promise<void> {
  const { sbom } = await describe(work, madeOf);
  const file = join(work, "output", sbomFileName);
  await writeFile(`${file}.new`, sbom);
  await rename(`${file}.new`, file);
}

/** Writes the lock file and the bill of materials of the image that Packer has baked in `work` to the image's folder. */
export async function writeLock(work: string, folder: string, madeOf: MadeOf): Promise<ImageLock> {
  const { lock, sbom } = await describe(work, madeOf);
  await writeFiles(folder, [
    { path: lockFileName, content: lockText(lock) },
    { path: sbomFileName, content: sbom },
  ]);
  return lock;
}
