import type { Image as AmiImage } from "@aws-sdk/client-ec2";
import { finishImage } from "../compute/finish-image.js";
import { contentsParameter, tagKey } from "../compute/names.js";
import { tagsOf } from "../compute/tags.js";
import { packContents } from "../../../compute/image/contents.js";
import { UserError } from "../../../errors.js";
import type { Fleet, Image } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { describeAmi } from "./images.js";
import { make } from "./make-calls.js";
import type { Talk } from "../../../do/local/talk.js";
import type { BakedAmis } from "../../../do/bake/image-store.js";

/** The AMIs of a manifest; undefined if one of them no longer exists. */
export async function findAmis(aws: Aws, amis: Record<string, string>): Promise<AmiImage[] | undefined> {
  const found = await Promise.all(
    Object.entries(amis).map(async ([region, id]) => describeAmi(await aws.in(region), id)),
  );
  const there = found.filter((ami) => ami?.State === "available");
  return there.length === found.length ? (there as AmiImage[]) : undefined;
}

/** Whether an AMI has its version tags, which are added last. */
export function isFinished({ Tags }: AmiImage): boolean {
  return tagsOf(Tags)[tagKey.kamailio] !== undefined;
}

/** The snapshots of an AMI's disks. */
export function snapshotsOf({ BlockDeviceMappings = [] }: AmiImage): string[] {
  return BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
}

/** Makes all calls that AMIs still need, in each region. An error names the AMIs that exist. */
export async function finishAmis(
  aws: Aws,
  fleet: Fleet,
  ec2: NonNullable<Image["targets"]["ec2"]>,
  baked: BakedAmis,
  talk: Talk,
): Promise<void> {
  const regions = Object.keys(baked.image.amis);
  const base = `${baked.base.name} (${baked.base.id})`;
  try {
    for (const [region, id] of Object.entries(baked.image.amis)) {
      const there = await aws.in(region);
      const ami = { id, snapshots: snapshotsOf((await describeAmi(there, id)) ?? {}), regions };
      const calls = finishImage(ami, ec2, baked.contents, base, new Date(baked.bakedAt));
      for (const call of calls) await make(there, call);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const ids = Object.entries(baked.image.amis).map(([region, id]) => `${id} (${region})`);
    throw new UserError(`${error.message}\nbaked, but incomplete: ${ids.join(", ")}`, {
      hint: "run the same command again to complete them; this does not bake again",
      cause: error,
    });
  }
  await publishContents(aws, fleet, baked, talk);
}

/** Publishes the image's contents for other machines. Missing permission is only a warning: this machine has the manifest. */
async function publishContents(aws: Aws, fleet: Fleet, baked: BakedAmis, talk: Talk): Promise<void> {
  const value = packContents(baked.contents);
  if (value === undefined) return;
  const Name = contentsParameter(fleet.name, baked.key, baked.bakedAt);
  try {
    await aws.change(
      "ssm:PutParameter",
      { Name, Value: value, Type: "String", Tier: "Intelligent-Tiering", Overwrite: true },
      {},
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    talk.warn(`the image's package list is only on this machine: ${error.message}`);
  }
}
