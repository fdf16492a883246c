import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hostPaths } from "../../../do/local/paths.js";
import { listVms } from "../../../do/local/vm-store.js";

/** The file with the image for a rollback, beside the hosts' folders. */
const fileOf = (fleet: string) => join(hostPaths().state, fleet, ".former-image");

/** Records the most frequent image of those hosts of the fleet that do not have `image`. */
export async function rememberImages(fleet: string, image: string): Promise<void> {
  const images = (await listVms({ fleet })).map(({ record }) => record.base).filter((base) => base !== image);
  const count = (image: string) => images.filter((one) => one === image).length;
  const [most] = [...images].sort((a, b) => count(b) - count(a));
  if (most === undefined) return;
  await mkdir(dirname(fileOf(fleet)), { recursive: true, mode: 0o700 });
  await writeFile(fileOf(fleet), `${most}\n`);
}

export async function previousImage(fleet: string): Promise<string | undefined> {
  const text = await readFile(fileOf(fleet), "utf8").catch(() => "");
  return text.trim() || undefined;
}
