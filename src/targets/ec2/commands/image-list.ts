import type { Fleet } from "../../../understand/fleet.js";
import type { ListedImage } from "../../target.js";
import { tagKey } from "../compute/names.js";
import { talk } from "../../../cli/talk.js";
import { builderInWords, buildersThere } from "../do/builder.js";
import type { FleetAmi } from "../do/fleet-images.js";
import { amisEverywhere, imageRegions } from "../do/fleet-regions.js";
import { promotedAmi } from "../do/images.js";
import { withAws } from "./with-aws.js";

export function listedAmis(fleet: Fleet): Promise<ListedImage[]> {
  return withAws(fleet.image.targets.ec2?.region, {}, async (aws) => {
    const regions = imageRegions(aws, fleet);
    for (const builder of await buildersThere(aws, fleet.name))
      talk.warn(builderInWords(builder, aws.region));
    const promoted = await Promise.all(
      regions.map(async (region) => promotedAmi(await aws.in(region), fleet)),
    );
    return (await amisEverywhere(aws, fleet)).map((ami) => listed(ami, promoted));
  });
}

function listed(ami: FleetAmi, promoted: readonly (string | undefined)[]): ListedImage {
  const { tags } = ami;
  const notes = [
    promoted.includes(ami.id) ? "promoted" : "",
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
