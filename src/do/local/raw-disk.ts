import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { entryName } from "../../compute/local/cache-key.js";
import { run } from "../process.js";
import type { CacheOptions } from "./base-image.js";
import { cached } from "./cache.js";
import { hostPaths } from "./paths.js";
import { SILENT } from "./talk.js";
import { requireTools } from "./tools.js";

/** The content of a qcow2 as a raw disk, sparse, from the cache: the kernel mounts no qcow2. One that changes is another one. */
export async function ensureRawDisk(image: string, options: CacheOptions = {}): Promise<string> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  await requireTools("qemu-img");
  const path = await realpath(image);
  const { size, mtimeMs, ino } = await stat(path);
  const entry = await cached(
    join(cache, "disks"),
    entryName("raw", { path }, { size, mtimeMs, ino }),
    async (product) => {
      await run({ argv: ["qemu-img", "convert", "-O", "raw", path, join(product, "disk.raw")] });
    },
    talk,
  );
  return join(entry.folder, "disk.raw");
}
