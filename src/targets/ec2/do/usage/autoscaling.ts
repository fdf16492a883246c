import {
  paginateDescribeAutoScalingGroups,
  paginateDescribeLaunchConfigurations,
  type AutoScalingGroup,
  type LaunchTemplateSpecification,
} from "@aws-sdk/client-auto-scaling";
import { launchedTemplate } from "../../compute/group/mixed.js";
import { isGoingOn } from "../../compute/group/current.js";
import { tagKey } from "../../compute/names.js";
import { tagsOf } from "../../compute/tags.js";
import type { TemplateUser } from "../../compute/prune/template-versions.js";
import type { Aws } from "../aws.js";
import { newestRefresh } from "../group-state.js";
import type { Launching, Use } from "./use.js";

/** What the region's autoscaling groups launch. Their warm pools launch the same. */
export async function groupsLaunch(aws: Aws, fleet: string): Promise<Launching> {
  const found: Launching = { uses: [], templates: [] };
  const pages = paginateDescribeAutoScalingGroups({ client: aws.autoscaling, pageSize: 100 }, {});
  for await (const { AutoScalingGroups = [] } of pages)
    for (const group of AutoScalingGroups) {
      found.uses.push(...overriddenAmis(group));
      found.templates.push(...(await templatesOf(aws, group, fleet)));
    }
  return found;
}

export async function launchConfigurations(aws: Aws): Promise<Use[]> {
  const uses: Use[] = [];
  const pages = paginateDescribeLaunchConfigurations({ client: aws.autoscaling, pageSize: 100 }, {});
  for await (const { LaunchConfigurations = [] } of pages)
    for (const { ImageId: id = "", LaunchConfigurationName } of LaunchConfigurations)
      uses.push({ id, why: `launch configuration ${LaunchConfigurationName}` });
  return uses;
}

const overridesOf = ({ MixedInstancesPolicy }: AutoScalingGroup) =>
  MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? [];

function overriddenAmis(group: AutoScalingGroup): Use[] {
  const why = `mixed instances policy of autoscaling group ${group.AutoScalingGroupName}`;
  return overridesOf(group).flatMap(({ ImageId: id }) => (id === undefined ? [] : [{ id, why }]));
}

/** The templates of a group. During a roll it may end with either version, so it is not plain. Overrides may have other templates. */
async function templatesOf(aws: Aws, group: AutoScalingGroup, fleet: string): Promise<TemplateUser[]> {
  const users = overridesOf(group).flatMap(
    ({ LaunchTemplateSpecification }) => templateUser(LaunchTemplateSpecification) ?? [],
  );
  const plain = templateUser(launchedTemplate(group));
  if (!plain) return users;
  const tags = tagsOf(group.Tags);
  const isOurs = tags[tagKey.fleet] === fleet;
  const rolls = isOurs && isGoingOn(await newestRefresh(aws, group.AutoScalingGroupName ?? ""));
  return [...users, { ...plain, before: tags[tagKey.previousVersion], plainGroup: isOurs && !rolls }];
}

/** The user of a template that is given by id or name; undefined if there is none. */
export function templateUser(template: LaunchTemplateSpecification | undefined): TemplateUser | undefined {
  const { LaunchTemplateId, LaunchTemplateName, Version } = template ?? {};
  const named = LaunchTemplateId ?? LaunchTemplateName;
  return named === undefined ? undefined : { template: named, version: Version, plainGroup: false };
}
