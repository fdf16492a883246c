import { UserError } from "../../../errors.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import { tagKey } from "./names.js";
import type { Tags } from "./tags.js";

/** The required owner of a resource: a fleet, or one of its hosts. */
export interface Owner {
  fleet: string;
  host?: string;
}

export const ownerOf = (fleet: Pick<Fleet, "name">, host: Pick<Host, "name">): Owner => ({
  fleet: fleet.name,
  host: host.name,
});

/**
 * The owner of a resource in the account. It is checked before every change and deletion. Names prove nothing: the group `west-proxies`
 * of the fleet `eu` and the group `proxies` of the fleet `eu-west` have the same name in AWS.
 */
export type Ownership =
  | { of: "us" }
  /** The fleet uses it, but another tool creates, changes and deletes it. */
  | { of: "managed"; by: string }
  /** It has no owner's tags; the user can have it adopted. */
  | { of: "nobody" }
  | { of: "others"; whom: string };

/** A resource of the account, with its name for messages. */
export interface Owned {
  what: string;
  tags: Tags;
}

/** Tags that only AWS can set, on resources that another service creates, replaces and deletes. */
const managers = {
  "aws:autoscaling:groupName": "the autoscaling group",
  "aws:backup:source-resource": "AWS Backup, of",
  "aws:dlm:lifecycle-policy-id": "the snapshot lifecycle policy",
} as const;

export function ownership(tags: Tags, { fleet, host }: Owner): Ownership {
  const { [tagKey.fleet]: theirFleet, [tagKey.host]: theirHost, [tagKey.managedBy]: managedBy } = tags;
  const stack = tags["aws:cloudformation:stack-name"];
  for (const [key, manager] of Object.entries(managers))
    if (tags[key] !== undefined) return { of: "others", whom: `${manager} ${tags[key]}` };
  if (stack !== undefined && theirFleet !== fleet)
    return { of: "others", whom: `the CloudFormation stack ${stack}` };
  if (theirFleet === undefined) return { of: "nobody" };
  if (theirFleet !== fleet) return { of: "others", whom: `the fleet ${theirFleet}` };
  if (host !== undefined && theirHost !== undefined && theirHost !== host)
    return { of: "others", whom: `${theirHost} of the fleet ${fleet}` };
  if (stack !== undefined) return { of: "managed", by: `the CloudFormation stack ${stack}` };
  if (managedBy !== undefined) return { of: "managed", by: managedBy };
  return { of: "us" };
}

export const isOurs = (tags: Tags, owner: Owner): boolean => ownership(tags, owner).of === "us";

/** Permissions in addition to changing and deleting our own resources. */
export interface Leave {
  /** Adopt a resource without an owner. */
  adopt?: boolean;
  /** Use a resource that another tool manages for the fleet. */
  managed?: boolean;
}

/** Throws UserError unless the resource is ours, or may be treated as ours. */
export function refuseForeign(
  { what, tags }: Owned,
  owner: Owner,
  { adopt = false, managed = false }: Leave = {},
): void {
  const found = ownership(tags, owner);
  if (found.of === "us" || (found.of === "nobody" && adopt) || (found.of === "managed" && managed)) return;
  if (found.of === "managed")
    throw new UserError(`${what} is managed by ${found.by} and was not changed`, {
      hint: "change it there: sip-proxy export FLEET prints the new template; group status, roll and rollback, status and dns work without changes",
    });
  if (found.of === "others")
    throw new UserError(`${what} belongs to ${found.whom}; it was not changed`, {
      hint: "use another name in this fleet file, or delete the resource with the tool that created it",
    });
  throw new UserError(`${what} was not created for the fleet ${owner.fleet}: it has no tag ${tagKey.fleet}`, {
    hint: `use another name in the fleet file, or take it over: sip-proxy group apply FLEET --adopt, or add the tag ${tagKey.fleet}=${owner.fleet}`,
  });
}
