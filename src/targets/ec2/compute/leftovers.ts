import { planned, type PlannedCall } from "./calls.js";
import { builderName } from "./names.js";
import { ownership } from "./ownership.js";
import { bakeMinutes } from "./packer-source.js";
import { isOfBake } from "./prune/objections.js";
import type { Tags } from "./tags.js";

type LeftoverKind = "builder" | "key pair" | "security group" | "volume" | "snapshot";

/** What a bake that goes on needs, and one that was killed has left. */
export interface Leftover {
  kind: LeftoverKind;
  /** Of a key pair: its name. */
  id: string;
  /** When it was made. */
  since: Date | undefined;
  /** Ids of instances and network interfaces that have it. */
  usedBy: readonly string[];
  /** Its state, in EC2's word, where it has one that matters. */
  state?: string;
}

/** The ids of Packer's: the first eight digits are the time, https://github.com/hashicorp/packer/blob/v1.6.6/common/uuid/uuid.go */
const uuid = "([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const packersName = new RegExp(`^packer_${uuid}$`);

/** What Packer says of each security group that it makes. Its name cannot be chosen. */
export const packersDescription = "Temporary group for Packer";

/** When Packer gave something its name. */
export function named(name: string): Date | undefined {
  const [, seconds] = new RegExp(`${uuid}$`).exec(name) ?? [];
  return seconds === undefined ? undefined : new Date(Number.parseInt(seconds, 16) * 1000);
}

/** A key pair of the fleet's bakes: by its name, which Packer 1.6 cannot put tags to; or by the tags of a later Packer. */
export function isBakeKey(name: string, tags: Tags, fleet: string): boolean {
  const isNamed = new RegExp(`^${builderName(fleet)}-${uuid}$`).test(name);
  if (isNamed) return ["us", "nobody"].includes(ownership(tags, { fleet }).of);
  return packersName.test(name) && isOfBake(tags, fleet);
}

/** A security group of the fleet's bakes: marked, or worn by a builder of theirs. One without either may be anybody's. */
export function isBakeGroup(name: string, tags: Tags, fleet: string, isWorn: boolean): boolean {
  if (!packersName.test(name)) return false;
  return isOfBake(tags, fleet) || (isWorn && ownership(tags, { fleet }).of === "nobody");
}

/** Why it stays, in words; undefined when it may go. `ended`: builders that are about to be terminated. `now`: milliseconds. */
export function reasonToStay(
  { since, usedBy }: Leftover,
  { all = false, ended = [], now }: { all?: boolean; ended?: readonly string[]; now: number },
): string | undefined {
  const users = usedBy.filter((id) => !ended.includes(id));
  if (users.length > 0) return `in use by ${users.join(", ")}`;
  if (all || (since !== undefined && now - since.getTime() > bakeMinutes * 60_000)) return undefined;
  return `created less than ${bakeMinutes} minutes ago, a bake may still use it; --all deletes it too`;
}

const removals: Record<LeftoverKind, (id: string) => PlannedCall> = {
  builder: (id) => planned("ec2:TerminateInstances", { InstanceIds: [id] }),
  "key pair": (KeyName) => planned("ec2:DeleteKeyPair", { KeyName }),
  "security group": (GroupId) => planned("ec2:DeleteSecurityGroup", { GroupId }),
  volume: (VolumeId) => planned("ec2:DeleteVolume", { VolumeId }),
  snapshot: (SnapshotId) => planned("ec2:DeleteSnapshot", { SnapshotId }),
};

export const removal = ({ kind, id }: Leftover): PlannedCall => removals[kind](id);
