import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { print, printJson } from "../../../cli/talk.js";
import { architectureIn } from "../../../compute/image/contents.js";
import type { ComparedImage } from "../../../compute/image/diff.js";
import { comparedImage } from "../../../do/bake/compared-image.js";
import { storedImages, storedManifests, type StoredImage } from "../../../do/bake/image-store.js";
import { listVms } from "../../../do/local/vm-store.js";
import { UsageError, UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { ListedImage, PruneOptions } from "../../target.js";

export async function listedImages(fleet: Fleet): Promise<ListedImage[]> {
  return (await storedImages(fleet.name)).map(listed);
}

function listed({ path, manifest }: StoredImage): ListedImage {
  const { contents, image } = manifest;
  return {
    target: "local",
    id: path,
    region: "local",
    key: manifest.key,
    baked: manifest.bakedAt,
    kamailio: contents.kamailio,
    relay: `${contents.mediaRelay} ${contents.mediaRelayVersion}`,
    os: contents.os,
    architecture: architectureIn(contents),
    size: "bytes" in image ? `${(image.bytes / 2 ** 20).toFixed(0)} MiB` : "",
    notes: "",
  };
}

/** Finds two images, each given by the beginning of a key, a path, or "newest". */
export async function comparedImages(
  fleet: Fleet,
  from?: string,
  to?: string,
): Promise<[ComparedImage, ComparedImage]> {
  const stored = (await storedManifests(fleet.name)).filter(({ manifest }) => manifest.target === "local");
  const find = (wanted: string | undefined, otherwise: number) => {
    const found =
      wanted === undefined || wanted === "newest"
        ? stored[wanted === undefined ? otherwise : 0]
        : stored.find(({ manifest, folder }) => manifest.key.startsWith(wanted) || wanted.startsWith(folder));
    if (found) return comparedImage(found.manifest.key, found.manifest.contents, found.manifest);
    throw new UserError(`there is no local image ${wanted ?? "to compare with"} of the fleet ${fleet.name}`, {
      hint: "sip-proxy image list FLEET --target local",
    });
  };
  return [find(from, 1), find(to, 0)];
}

export async function prune(fleet: Fleet, keep: number, options: PruneOptions): Promise<number> {
  if (options.disable || options.enable)
    throw new UsageError("local images cannot be disabled", "--delete deletes unused images");
  const inUse = new Map((await listVms({})).map(({ record }) => [record.base, record.machine.name]));
  const images = (await storedImages(fleet.name)).map(({ path, manifest }, place) => ({
    path,
    baked: manifest.bakedAt,
    why: [
      ...(place < keep ? [`one of the last ${keep}`] : []),
      ...(inUse.has(path) ? [`the disk of ${inUse.get(path)} uses it`] : []),
    ],
  }));
  const superfluous = images.filter(({ why }) => why.length === 0);
  if (options.json) printJson({ deleted: options.delete === true && !options.dryRun, images });
  else
    for (const { path, baked, why } of images)
      print(`  ${why.length > 0 ? "keep  " : "delete"}  ${path}  ${baked}  ${why.join("; ")}\n`);
  if (options.delete && !options.dryRun)
    for (const { path } of superfluous) await rm(dirname(path), { recursive: true });
  return superfluous.length;
}
