import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { digestOf } from "../../compute/local/cache-key.js";

/** SHA-256 (hex) of a file's bytes. */
export async function fileDigest(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** A digest of a file, or of a folder with its names, contents, executable bits and link targets, but without times. */
export async function contentDigest(path: string): Promise<string> {
  const info = await lstat(path);
  if (info.isSymbolicLink()) return digestOf(["link", await readlink(path)]);
  if (!info.isDirectory()) return digestOf(["file", (info.mode & 0o111) !== 0, await fileDigest(path)]);
  const names = (await readdir(path)).sort();
  const parts: [string, string][] = [];
  for (const name of names) parts.push([name, await contentDigest(join(path, name))]);
  return digestOf(["folder", parts]);
}
