import { planned, type PlannedCall } from "./calls.js";
import { builderName } from "./names.js";
import { ownership } from "./ownership.js";
import { bakeMinutes } from "./packer-source.js";
import { isOfBake } from "./prune/objections.js";
import type { Tags } from "./tags.js";

type LeftoverKind = "builder" | "key pair" | "security group" | "volume" | "snapshot";

/** A resource of a bake: a running bake needs it; a killed bake has left it. */
export interface Leftover {
  kind: LeftoverKind;
  /** Its id; for a key pair, its name. */
  id: string;
  /** Time of its creation. */
  since: Date | undefined;
  /** Ids of instances and network interfaces that use it. */
  usedBy: readonly string[];
  /** EC2's name of its state, if the state matters. */
  state?: string;
}

/** Ids that Packer makes. The first eight digits are the time: https://github.com/hashicorp/packer/blob/v1.6.6/common/uuid/uuid.go */
const uuid = "([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const packersName = new RegExp(`^packer_${uuid}$`);

/** Packer's description of each security group that it creates. The group's name cannot be configured. */
export const packersDescription = "Temporary group for Packer";

/** The time in a name that Packer has made. */
export function named(name: string): Date | undefined {
  const [, seconds] = new RegExp(`${uuid}$`).exec(name) ?? [];
  return seconds === undefined ? undefined : new Date(Number.parseInt(seconds, 16) * 1000);
}

/** Whether a key pair belongs to the fleet's bakes: by its name, because Packer 1.6 cannot tag it; or by the tags of a later Packer. */
export function isBakeKey(name: string, tags: Tags, fleet: string): boolean {
  const isNamed = new RegExp(`^${builderName(fleet)}-${uuid}$`).test(name);
  if (isNamed) return ["us", "nobody"].includes(ownership(tags, { fleet }).of);
  return packersName.test(name) && isOfBake(tags, fleet);
}

/** Whether a security group belongs to the fleet's bakes: by its tags, or because one of their builders uses it. */
export function isBakeGroup(name: string, tags: Tags, fleet: string, isWorn: boolean): boolean {
  if (!packersName.test(name)) return false;
  return isOfBake(tags, fleet) || (isWorn && ownership(tags, { fleet }).of === "nobody");
}

/** Why it must stay, in words; undefined if it can be removed. `ended`: builders that will be terminated. `now`: milliseconds. */
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
