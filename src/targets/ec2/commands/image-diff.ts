import { talk } from "../../../cli/talk.js";
import type { ComparedImage } from "../../../compute/image/diff.js";
import { comparedImage } from "../../../do/bake/compared-image.js";
import { storedManifests } from "../../../do/bake/image-store.js";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import { tagKey } from "../compute/names.js";
import type { Aws } from "../do/aws.js";
import { publishedContents, type FleetAmi } from "../do/fleet-images.js";
import { findAmi } from "../do/fleet-regions.js";
import { promotedAmi } from "../do/images.js";
import { withAws } from "./with-aws.js";

/** Finds two AMIs, each given by its id, the beginning of a key, "newest" or "promoted". */
export function comparedAmis(
  fleet: Fleet,
  from = "promoted",
  to = "newest",
): Promise<[ComparedImage, ComparedImage]> {
  return withAws(fleet.image.targets.ec2?.region, {}, async (aws) => [
    await comparedAmi(aws, fleet, from),
    await comparedAmi(aws, fleet, to),
  ]);
}

/** The contents of an AMI: from the manifest on this machine, from those that the bake has published, or from the AMI's tags. */
async function comparedAmi(aws: Aws, fleet: Fleet, wanted: string): Promise<ComparedImage> {
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
  if (stored) return comparedImage(ami.id, stored.manifest.contents, stored.manifest);
  const contents = await publishedContents(aws, fleet.name, ami);
  if (contents) return comparedImage(ami.id, contents);
  talk.warn(
    `${ami.id}: this machine does not have its manifest, and it is not published; the versions are from the tags`,
  );
  return fromTags(ami);
}

function fromTags({ id, tags, architecture }: FleetAmi): ComparedImage {
  const versions = {
    Kamailio: tags[tagKey.kamailio],
    "media relay": tags[tagKey.mediaRelay],
    "operating system": tags[tagKey.os],
    kernel: tags[tagKey.kernel],
    "cloud-init": tags[tagKey.cloudInit],
    architecture,
  };
  const known = Object.entries(versions).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { name: id, versions: Object.fromEntries(known), packages: undefined, checksums: {}, sizes: {} };
}
