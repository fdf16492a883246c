import { print, printJson } from "../cli/talk.js";
import { table } from "../cli/table.js";
import { tagKey } from "../targets/ec2/compute/names.js";
import { storedImages, type StoredImage } from "../do/bake/image-store.js";
import type { FleetAmi } from "../targets/ec2/do/fleet-images.js";
import type { Fleet } from "../understand/fleet.js";
import { loadFleet } from "./load-fleet.js";
import { withAws } from "./targets.js";

/** An image as the list shows it. */
interface ListedImage {
  target: "local" | "ec2";
  /** Path or AMI id. */
  id: string;
  region: string;
  key: string;
  baked: string;
  kamailio: string;
  relay: string;
  os: string;
  size: string;
  notes: string;
}

export interface ImageOptions {
  /** Both unless given; EC2 only when the fleet has images there. */
  target?: "local" | "ec2";
  json?: boolean;
}

/** `sip-proxy image list FLEET`: local images and AMIs, newest first. */
export async function imageList(file: string, { target, json }: ImageOptions): Promise<void> {
  const { fleet } = loadFleet(file);
  const local = target === "ec2" ? [] : (await storedImages(fleet.name)).map(localImage);
  const asked = target === "ec2" || (target === undefined && fleet.image.targets.ec2 !== undefined);
  const ec2 = asked ? await ec2Images(fleet) : [];
  const images = [...local, ...ec2].sort((a, b) => b.baked.localeCompare(a.baked));
  if (json) printJson(images);
  else {
    const columns = ["baked", "id", "region", "key", "kamailio", "relay", "os", "size", "notes"] as const;
    print(
      table(
        columns,
        images.map((image) => columns.map((column) => image[column])),
      ),
    );
  }
}

function localImage({ path, manifest }: StoredImage): ListedImage {
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
    size: "bytes" in image ? `${(image.bytes / 2 ** 20).toFixed(0)} MiB` : "",
    notes: "",
  };
}

function ec2Images(fleet: Fleet): Promise<ListedImage[]> {
  return withAws(fleet.image.targets.ec2?.region, false, async (aws) => {
    const { amisEverywhere, imageRegions } = await import("../targets/ec2/do/fleet-regions.js");
    const { promotedAmi } = await import("../targets/ec2/do/images.js");
    const regions = imageRegions(aws, fleet);
    const promoted = await Promise.all(
      regions.map(async (region) => promotedAmi(await aws.in(region), fleet)),
    );
    return (await amisEverywhere(aws, fleet)).map((ami) => ec2Image(ami, promoted));
  });
}

function ec2Image(ami: FleetAmi, promoted: readonly (string | undefined)[]): ListedImage {
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
