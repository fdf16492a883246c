import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { Artefact } from "../compute/artefact.js";

/** Writes artefacts below a folder, each whole or not at all, with its permissions from the first byte on. */
export async function writeFiles(folder: string, files: readonly Artefact[]): Promise<void> {
  for (const { path, content, mode = 0o644 } of files) {
    const target = resolve(folder, path);
    if (!target.startsWith(resolve(folder) + sep)) throw new RangeError(`${path} leads out of ${folder}`);
    await mkdir(dirname(target), { recursive: true });
    const temporary = `${target}.new`;
    await writeFile(temporary, content, { mode: mode & 0o700 });
    await chmod(temporary, mode);
    await rename(temporary, target);
  }
}

/** Empties and removes a folder that a former run has made. */
export async function removeFolder(...path: string[]): Promise<void> {
  await rm(join(...path), { recursive: true, force: true });
}
