import type { Fleet } from "../../../understand/fleet.js";
import type { ListedImage, RegionOptions } from "../../target.js";
import { amiParameter, tagKey, usualAmiParameter } from "../compute/names.js";
import type { Aws } from "../do/aws.js";
import { fleetAmis, type FleetAmi } from "../do/fleet-images.js";
import { imageRegions, regionsWithImages } from "../do/fleet-regions.js";
import { amiIn } from "../do/images.js";
import { tellLeftovers } from "./leftovers.js";
import { passingOver } from "./regions.js";
import { withAws } from "./with-aws.js";

export function listedAmis(fleet: Fleet, { region: named }: RegionOptions): Promise<ListedImage[]> {
  return withAws(fleet.image.targets.ec2?.region, {}, async (aws) => {
    const inFile = imageRegions(aws, fleet);
    const found: ListedImage[] = [];
    for (const region of await regionsWithImages(aws, fleet, named))
      await passingOver(region, inFile, async () => {
        const there = await aws.in(region);
        await tellLeftovers(there, fleet.name);
        const amis = await fleetAmis(there, fleet.name);
        const promoted = await promotedOf(there, fleet, amis);
        for (const ami of amis) found.push(listed(ami, promoted, inFile.includes(region)));
      });
    return found;
  });
}

/** The promoted AMIs for the fleet's architecture, and for those of the other images. */
async function promotedOf(aws: Aws, fleet: Fleet, amis: readonly FleetAmi[]): Promise<Set<string>> {
  const others = new Set(amis.map(({ architecture }) => architecture));
  others.delete(fleet.image.architecture);
  const found = await Promise.all(
    [amiParameter(fleet), ...[...others].map((one) => usualAmiParameter(fleet.name, one))].map((name) =>
      amiIn(aws, name),
    ),
  );
  return new Set(found.flatMap((id) => id ?? []));
}

function listed(ami: FleetAmi, promoted: ReadonlySet<string>, isInFile: boolean): ListedImage {
  const { tags } = ami;
  const notes = [
    promoted.has(ami.id) ? "promoted" : "",
    isInFile ? "" : `${ami.region} is not a region of the fleet file`,
    ami.state === "available" ? "" : ami.state,
    tags[tagKey.kamailio] === undefined ? "incomplete: run bake-image again" : "",
    ami.deprecated === undefined ? "" : `deprecated from ${ami.deprecated.slice(0, 10)}`,
  ];
  return {
    target: "ec2",
    id: ami.id,
    region: ami.region,
    key: ami.key,
    baked: ami.created,
    kamailio: tags[tagKey.kamailio] ?? "",
    relay: tags[tagKey.mediaRelay] ?? "",
    os: tags[tagKey.os] ?? "",
    architecture: ami.architecture,
    size: `${ami.gibibytes} GiB`,
    notes: notes.filter((note) => note !== "").join(", "),
  };
}
