import { tagKey } from "../compute/names.js";
import type { Aws } from "./aws.js";
import { fleetAmis, publishedContents, type FleetAmi } from "./fleet-images.js";
import type { Manifest } from "../../../do/bake/image-store.js";

/**
 * The manifest of an image that was baked on another machine, from its AMIs and its published contents. Undefined if the image
 * is missing in one of these regions, or if its contents were not published.
 */
export async function manifestFromAws(
  aws: Aws,
  fleet: string,
  key: string,
  regions: readonly string[],
): Promise<Manifest | undefined> {
  const amis: FleetAmi[] = [];
  for (const region of regions) {
    const [ami] = (await fleetAmis(await aws.in(region), fleet, key)).filter(
      ({ state }) => state === "available",
    );
    if (!ami) return undefined;
    amis.push(ami);
  }
  const [first] = amis;
  const contents = first && (await publishedContents(aws, fleet, first));
  if (!first || !contents) return undefined;
  const [, name = "", id = ""] = /^(.*) \((ami-\w+)\)$/.exec(first.tags[tagKey.base] ?? "") ?? [];
  return {
    fleet,
    target: "ec2",
    key,
    image: { amis: Object.fromEntries(amis.map(({ region, id: ami }) => [region, ami])) },
    base: { name, id },
    packer: "",
    sources: {},
    contents,
    bakedAt: first.baked,
    seconds: { total: 0, steps: [] },
  };
}
