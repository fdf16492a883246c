import type {
  AutoScalingGroup,
  InstanceRefresh,
  LifecycleHook,
  ScalingPolicy,
  WarmPoolConfiguration,
} from "@aws-sdk/client-auto-scaling";
import type { ResponseLaunchTemplateData } from "@aws-sdk/client-ec2";
import { refuseForeign, type Owner } from "../ownership.js";
import { tagsOf, type Tags } from "../tags.js";

/** A group as it is in AWS. */
export interface CurrentGroup {
  template: CurrentTemplate | undefined;
  group: AutoScalingGroup | undefined;
  hooks: LifecycleHook[];
  policies: ScalingPolicy[];
  warmPool: WarmPoolConfiguration | undefined;
  /** The newest one, going on or not. */
  refresh: InstanceRefresh | undefined;
}

export interface CurrentTemplate {
  id: string;
  name: string;
  tags: Tags;
  /** Number of the newest version. */
  latest: number;
  /** What the newest version says. */
  data: ResponseLaunchTemplateData;
  /** All that there are. */
  versions: number[];
}

/** The template's version that new instances of the group are launched from. */
export function groupVersion(group: AutoScalingGroup | undefined): number | undefined {
  const version = Number(group?.LaunchTemplate?.Version);
  return Number.isInteger(version) && version > 0 ? version : undefined;
}

/** A refresh that goes on: instances are being replaced, or put back. */
export function isGoingOn(refresh: InstanceRefresh | undefined): boolean {
  return /^(Pending|InProgress|Baking|Cancelling|RollbackInProgress)$/.test(refresh?.Status ?? "");
}

/** Its hooks, policies and warm pool belong to whom the group belongs to. Throws UserError when group or template are not ours. */
export function refuseForeignGroup({ group, template }: CurrentGroup, owner: Owner, adopt = false): void {
  if (group) {
    const what = `the autoscaling group ${group.AutoScalingGroupName ?? ""}`;
    refuseForeign({ what, tags: tagsOf(group.Tags) }, owner, adopt);
  }
  if (template) {
    const what = `the launch template ${template.name} (${template.id})`;
    refuseForeign({ what, tags: template.tags }, owner, adopt);
  }
}
