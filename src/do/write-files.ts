import { chmod, lstat, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { Artefact } from "../compute/artefact.js";
import { UserError } from "../errors.js";

/**
 * Writes artefacts below a folder, each atomically, with its permissions from the first byte on. Throws UserError if the
 * file system refuses.
 */
export async function writeFiles(folder: string, files: readonly Artefact[]): Promise<void> {
  for (const { path, content, mode = 0o644 } of files) {
    const target = resolve(folder, path);
    if (!target.startsWith(resolve(folder) + sep)) throw new RangeError(`${path} is outside ${folder}`);
    try {
      await makeFolder(dirname(target));
      await replaceFile(target, content, mode);
    } catch (error) {
      throw refusal(target, error);
    }
  }
}

async function replaceFile(target: string, content: string | Buffer, mode: number): Promise<void> {
  const temporary = `${target}.new`;
  await writeFile(temporary, content, { mode: mode & 0o700 });
  await chmod(temporary, mode);
  await rename(temporary, target);
}

/** Makes a folder and its parents. (Node's recursive mkdir never returns below /proc.) */
async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let path = folder; !(await exists(path)); path = dirname(path)) missing.unshift(path);
  for (const path of missing)
    await mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error; // otherwise another process has made it meanwhile
    });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Throws UserError unless a folder that is about to be replaced is empty or was written by an earlier run, which leaves a file called
 * `mark`.
 */
export async function refuseForeign(folder: string, mark: string): Promise<void> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const link = await lstat(folder).catch(() => undefined);
  if (!link?.isSymbolicLink() && (names.length === 0 || names.includes(mark))) return;
  throw new UserError(`${folder} already exists and was not written by sip-proxy`, {
    hint: "use another folder, or move this one",
  });
}

/** Empties and removes a folder of an earlier run. Throws UserError if the file system refuses. */
export async function removeFolder(...path: string[]): Promise<void> {
  const folder = join(...path);
  await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
    throw refusal(folder, error);
  });
}

function refusal(path: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === undefined) return cause;
  const why = message.replace(/^\w+: /, "").replace(/, \w+ .*$/, "");
  return new UserError(`cannot write ${path}: ${why} (${code})`, {
    hint: "use a folder that exists and is writable, or can be created",
    cause,
  });
}
