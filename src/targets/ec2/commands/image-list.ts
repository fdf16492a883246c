import type { Fleet } from "../../../understand/fleet.js";
import type { ListedImage, RegionOptions } from "../../target.js";
import { tagKey } from "../compute/names.js";
import { fleetAmis, type FleetAmi } from "../do/fleet-images.js";
import { imageRegions, regionsWithImages } from "../do/fleet-regions.js";
import { promotedAmi } from "../do/images.js";
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
        const promoted = await promotedAmi(there, fleet);
        for (const ami of await fleetAmis(there, fleet.name))
          found.push(listed(ami, promoted, inFile.includes(region)));
      });
    return found;
  });
}

function listed(ami: FleetAmi, promoted: string | undefined, isInFile: boolean): ListedImage {
  const { tags } = ami;
  const notes = [
    promoted === ami.id ? "promoted" : "",
    isInFile ? "" : `${ami.region} is not a region of the fleet file`,
    ami.state === "available" ? "" : ami.state,
    tags[tagKey.kamailio] === undefined ? "not finished: bake again" : "",
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
    size: `${ami.gibibytes} GiB`,
    notes: notes.filter((note) => note !== "").join(", "),
  };
}
