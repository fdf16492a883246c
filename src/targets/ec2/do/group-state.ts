import {
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
  DescribePoliciesCommand,
  DescribeWarmPoolCommand,
  type AutoScalingGroup,
  type InstanceRefresh,
  type WarmPoolConfiguration,
} from "@aws-sdk/client-auto-scaling";
import {
  DescribeLaunchTemplatesCommand,
  paginateDescribeLaunchTemplateVersions,
  type LaunchTemplate,
  type LaunchTemplateVersion,
} from "@aws-sdk/client-ec2";
import { refuseForeignGroup, type CurrentGroup, type CurrentTemplate } from "../compute/group/current.js";
import type { Leave, Owner } from "../compute/ownership.js";
import { tagsOf } from "../compute/tags.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";
import { readAlarms } from "./group-alarms.js";

/** Reads all resources of a group with this name. */
export async function readGroup(aws: Aws, name: string): Promise<CurrentGroup> {
  const [template, group, alarms] = await Promise.all([
    readTemplate(aws, name),
    describeGroup(aws, name),
    readAlarms(aws, name),
  ]);
  if (!group)
    return { template, group, hooks: [], policies: [], warmPool: undefined, alarms, refresh: undefined };
  const named = { AutoScalingGroupName: name };
  const [{ LifecycleHooks: hooks = [] }, { ScalingPolicies: policies = [] }, warmPool, refresh] =
    await Promise.all([
      aws.autoscaling.send(new DescribeLifecycleHooksCommand(named)),
      aws.autoscaling.send(new DescribePoliciesCommand(named)),
      describeWarmPool(aws, name),
      newestRefresh(aws, name),
    ]);
  return { template, group, hooks, policies, warmPool, alarms, refresh };
}

/** The same for a group that will be changed. Throws UserError if it is not ours. */
export async function readOwnGroup(
  aws: Aws,
  name: string,
  owner: Owner,
  leave: Leave = {},
): Promise<CurrentGroup> {
  const current = await readGroup(aws, name);
  refuseForeignGroup(current, owner, leave);
  return current;
}

/** The group; undefined if it does not exist or is being deleted. */
export async function describeGroup(aws: Aws, name: string): Promise<AutoScalingGroup | undefined> {
  const { AutoScalingGroups = [] } = await aws.autoscaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  return AutoScalingGroups[0];
}

async function readTemplate(aws: Aws, name: string): Promise<CurrentTemplate | undefined> {
  const template = await describeTemplate(aws, name);
  const id = template?.LaunchTemplateId;
  if (id === undefined) return undefined;
  const versions: LaunchTemplateVersion[] = [];
  const pages = paginateDescribeLaunchTemplateVersions({ client: aws.ec2 }, { LaunchTemplateId: id });
  for await (const { LaunchTemplateVersions = [] } of pages) versions.push(...LaunchTemplateVersions);
  const latest = versions.sort((a, b) => (b.VersionNumber ?? 0) - (a.VersionNumber ?? 0))[0];
  return {
    id,
    name,
    tags: tagsOf(template?.Tags),
    latest: latest?.VersionNumber ?? 0,
    data: latest?.LaunchTemplateData ?? {},
    versions: versions.map(({ VersionNumber = 0 }) => VersionNumber).sort((a, b) => a - b),
  };
}

async function describeTemplate(aws: Aws, name: string): Promise<LaunchTemplate | undefined> {
  try {
    const { LaunchTemplates = [] } = await aws.ec2.send(
      new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [name] }),
    );
    return LaunchTemplates[0];
  } catch (error) {
    if (isAwsError(error, "InvalidLaunchTemplateName.NotFoundException", "InvalidLaunchTemplateId.NotFound"))
      return undefined;
    throw error;
  }
}

/** The group's warm pool; undefined if it has none. */
export async function describeWarmPool(aws: Aws, name: string): Promise<WarmPoolConfiguration | undefined> {
  const { WarmPoolConfiguration: pool } = await aws.autoscaling.send(
    new DescribeWarmPoolCommand({ AutoScalingGroupName: name }),
  );
  return pool;
}

/** The group's newest instance refresh, or the one with this id. */
export async function newestRefresh(
  aws: Aws,
  name: string,
  id?: string,
): Promise<InstanceRefresh | undefined> {
  const { InstanceRefreshes = [] } = await aws.autoscaling.send(
    new DescribeInstanceRefreshesCommand({
      AutoScalingGroupName: name,
      ...(id === undefined ? {} : { InstanceRefreshIds: [id] }),
    }),
  );
  return InstanceRefreshes.sort((a, b) => (b.StartTime?.getTime() ?? 0) - (a.StartTime?.getTime() ?? 0))[0];
}
