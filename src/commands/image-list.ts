import { print, printJson } from "../cli/talk.js";
import { table } from "../cli/table.js";
import { imageTargets, operationsOf, type TargetName } from "../targets/lookup.js";
import type { ListedImage, RegionOptions } from "../targets/target.js";
import { loadFleet } from "./load-fleet.js";

export interface ImageOptions {
  /** Default: all targets that the fleet has images for. */
  target?: TargetName;
  json?: boolean;
}

const columns = [
  "baked",
  "id",
  "region",
  "key",
  "kamailio",
  "relay",
  "os",
  "architecture",
  "size",
  "notes",
] as const;

/** `sip-proxy image list FLEET`: lists images of all targets, newest first. */
export async function imageList(
  file: string,
  { target, json, ...options }: ImageOptions & RegionOptions,
): Promise<void> {
  const { fleet } = loadFleet(file);
  const images: ListedImage[] = [];
  for (const name of target === undefined ? imageTargets(fleet) : [target])
    images.push(...(await (await operationsOf(name)).images(fleet, options)));
  images.sort((a, b) => b.baked.localeCompare(a.baked));
  const rows = images.map((image) => columns.map((column) => image[column]));
  if (json) printJson(images);
  else print(table(columns, rows));
}
