import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import { tagKey } from "../compute/names.js";
import type { Aws } from "./aws.js";
import { fleetAmis, type FleetAmi } from "./fleet-images.js";

/** The regions in the fleet file where images are baked, or to which they are copied. */
export function imageRegions(aws: Aws, fleet: Fleet): string[] {
  return [...new Set([aws.region, ...(fleet.image.targets.ec2?.ami_regions ?? [])])];
}

/**
 * The regions that may have images of a fleet: those in its file, those that the user names, and those in the tags of older images. (Images
 * from releases before 0.2 do not have this tag.)
 */
export async function regionsWithImages(
  aws: Aws,
  fleet: Fleet,
  named: readonly string[] = [],
): Promise<string[]> {
  const told = (await fleetAmis(aws, fleet.name)).flatMap(({ tags }) =>
    (tags[tagKey.regions] ?? "").split(" ").filter((region) => region !== ""),
  );
  return [...new Set([...imageRegions(aws, fleet), ...named, ...told])];
}

/** The fleet's AMIs in these regions, newest first. */
export async function amisIn(aws: Aws, fleet: Fleet, regions: readonly string[]): Promise<FleetAmi[]> {
  const found = await Promise.all(regions.map(async (region) => fleetAmis(await aws.in(region), fleet.name)));
  return found.flat().sort((a, b) => b.created.localeCompare(a.created));
}

/** Finds an AMI in this region by its id, by the beginning of its key, or as "newest" for the fleet's architecture. */
export async function findAmi(aws: Aws, fleet: Fleet, wanted = "newest"): Promise<FleetAmi> {
  const amis = (await fleetAmis(aws, fleet.name)).filter(({ state }) => state === "available");
  const found =
    wanted === "newest"
      ? amis.find(({ architecture }) => architecture === fleet.image.architecture)
      : amis.find(({ id, key }) => id === wanted || (key !== "" && key.startsWith(wanted)));
  if (found) return found;
  throw new UserError(
    wanted === "newest"
      ? `the fleet ${fleet.name} has no AMI for ${fleet.image.architecture} in ${aws.region}`
      : `no AMI of the fleet ${fleet.name} in ${aws.region} is ${wanted}`,
    {
      hint:
        amis.length === 0
          ? "bake one with: bake-image FLEET --target ec2"
          : `choose from: ${amis.map(({ id, key, architecture }) => `${id} (${key}, ${architecture})`).join(", ")}`,
    },
  );
}
