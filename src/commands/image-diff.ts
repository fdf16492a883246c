import { print, printJson, talk } from "../cli/talk.js";
import { tagKey } from "../targets/ec2/compute/names.js";
import { diffImages, showDiff, versionsOf, type ComparedImage } from "../compute/image/diff.js";
import type { Aws } from "../targets/ec2/do/aws.js";
import type { FleetAmi } from "../targets/ec2/do/fleet-images.js";
import { storedManifests, type ImageContents, type Manifest } from "../do/bake/image-store.js";
import { UserError } from "../errors.js";
import type { Fleet } from "../understand/fleet.js";
import { loadFleet } from "./load-fleet.js";
import type { ImageOptions } from "./image-list.js";
import { withAws } from "./targets.js";

/**
 * `sip-proxy image diff FLEET [FROM] [TO]`: what is different between two images. Each is an AMI id, the beginning of a key, a path,
 * "newest" or "promoted"; with none given, the promoted AMI and the newest, or the two newest local images.
 */
export async function imageDiff(
  file: string,
  from: string | undefined,
  to: string | undefined,
  options: ImageOptions,
): Promise<void> {
  const { fleet } = loadFleet(file);
  const target = options.target ?? (fleet.image.targets.ec2 ? "ec2" : "local");
  const pair = target === "local" ? await localPair(fleet, from, to) : await ec2Pair(fleet, from, to);
  const diff = diffImages(...pair);
  if (options.json) printJson(diff);
  else print(showDiff(diff));
}

async function localPair(fleet: Fleet, from?: string, to?: string): Promise<[ComparedImage, ComparedImage]> {
  const stored = (await storedManifests(fleet.name)).filter(({ manifest }) => manifest.target === "local");
  const find = (wanted: string | undefined, otherwise: number) => {
    const found =
      wanted === undefined || wanted === "newest"
        ? stored[wanted === undefined ? otherwise : 0]
        : stored.find(({ manifest, folder }) => manifest.key.startsWith(wanted) || wanted.startsWith(folder));
    if (found) return compared(found.manifest.key, found.manifest.contents, found.manifest);
    throw new UserError(`there is no local image ${wanted ?? "to compare with"} of the fleet ${fleet.name}`, {
      hint: "sip-proxy image list FLEET --target local",
    });
  };
  return [find(from, 1), find(to, 0)];
}

async function ec2Pair(
  fleet: Fleet,
  from = "promoted",
  to = "newest",
): Promise<[ComparedImage, ComparedImage]> {
  return withAws(fleet.image.targets.ec2?.region, false, async (aws) => [
    await comparedAmi(aws, fleet, from),
    await comparedAmi(aws, fleet, to),
  ]);
}

/** From the manifest on this machine, else from what the bake has published, else from the AMI's tags. */
async function comparedAmi(aws: Aws, fleet: Fleet, wanted: string): Promise<ComparedImage> {
  const { findAmi } = await import("../targets/ec2/do/fleet-regions.js");
  const { publishedContents } = await import("../targets/ec2/do/fleet-images.js");
  const { promotedAmi } = await import("../targets/ec2/do/images.js");
  const promoted = wanted === "promoted" ? await promotedAmi(aws, fleet) : undefined;
  if (wanted === "promoted" && promoted === undefined) {
    throw new UserError(`no image of ${fleet.name} is promoted in ${aws.region}`, {
      hint: "name two images: sip-proxy image diff FLEET FROM TO",
    });
  }
  const ami = await findAmi(aws, fleet, promoted ?? wanted);
  const stored = (await storedManifests(fleet.name)).find(
    ({ manifest }) => "amis" in manifest.image && Object.values(manifest.image.amis).includes(ami.id),
  );
  if (stored) return compared(ami.id, stored.manifest.contents, stored.manifest);
  const contents = await publishedContents(aws, fleet.name, ami);
  if (contents) return compared(ami.id, contents);
  talk.warn(`${ami.id}: its manifest is neither here nor published; its tags tell the versions`);
  return fromTags(ami);
}

function compared(name: string, contents: ImageContents, manifest?: Manifest): ComparedImage {
  const bytes = manifest && "bytes" in manifest.image ? { "image file, bytes": manifest.image.bytes } : {};
  return {
    name,
    versions: {
      ...versionsOf(contents),
      ...(manifest ? { base: manifest.base.id, ...sources(manifest) } : {}),
    },
    packages: contents.packages,
    checksums: contents.checksums,
    sizes: { "used on disk, KiB": contents.usedKiB, ...bytes },
  };
}

function sources(manifest: Manifest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(manifest.sources).map(([name, pin]) => [`source of ${name}`, pin]),
  );
}

function fromTags({ id, tags }: FleetAmi): ComparedImage {
  const versions = {
    Kamailio: tags[tagKey.kamailio],
    "media relay": tags[tagKey.mediaRelay],
    "operating system": tags[tagKey.os],
    kernel: tags[tagKey.kernel],
    "cloud-init": tags[tagKey.cloudInit],
  };
  const known = Object.entries(versions).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { name: id, versions: Object.fromEntries(known), packages: undefined, checksums: {}, sizes: {} };
}
