import { paginateDescribeAutoScalingGroups, type AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import {
  paginateDescribeLaunchTemplates,
  paginateDescribeLaunchTemplateVersions,
  type LaunchTemplate,
} from "@aws-sdk/client-ec2";
import { paginateGetParameterHistory, type ParameterHistory } from "@aws-sdk/client-ssm";
import { tagKey } from "../compute/names.js";
import {
  supersededVersions,
  type SupersededVersion,
  type TemplateUse,
  type TemplateVersion,
} from "../compute/prune.js";
import { tagsOf } from "../compute/tags.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";
import { sharedWith } from "./fleet-images.js";
import { instancesWhere, isGone } from "./instances.js";

/** What uses AMIs in a region, and the template versions that count as use no more. */
export interface ImageUsage {
  usage: Map<string, string[]>;
  superseded: SupersededVersion[];
}

/** Looks at everything in the region that names one of these AMIs: instances, launch templates, groups, the parameter, shares. */
export async function imageUsage(
  aws: Aws,
  fleet: string,
  parameter: string,
  ids: readonly string[],
): Promise<ImageUsage> {
  const usage = new Map<string, string[]>();
  const note = (id: string, why: string) => usage.set(id, [...(usage.get(id) ?? []), why]);
  if (ids.length === 0) return { usage, superseded: [] };
  for (const { id, imageId } of await liveInstances(aws, ids)) note(imageId, `instance ${id}`);
  for (const { id, why } of await promotions(aws, parameter)) note(id, why);
  for (const id of ids) {
    const others = await sharedWith(aws, id);
    if (others.length > 0) note(id, `shared with ${others.join(", ")}, whose use of it cannot be seen`);
  }
  const superseded = await templateUsage(aws, fleet, ids, note);
  return { usage, superseded };
}

async function liveInstances(aws: Aws, ids: readonly string[]) {
  const instances = await instancesWhere(aws, [{ Name: "image-id", Values: [...ids] }]);
  return instances.filter((instance) => !isGone(instance));
}

/** The promoted AMI, and the one that was promoted before: somebody may have to go back to it. */
async function promotions(aws: Aws, name: string): Promise<{ id: string; why: string }[]> {
  const [now, before] = (await parameterHistory(aws, name)).sort(
    (a, b) => (b.Version ?? 0) - (a.Version ?? 0),
  );
  return [
    ...(now?.Value === undefined ? [] : [{ id: now.Value, why: `promoted (${name})` }]),
    ...(before?.Value === undefined ? [] : [{ id: before.Value, why: `promoted before (${name})` }]),
  ];
}

/** Every version that SSM keeps, a hundred at most. The oldest come first, fifty a page. */
async function parameterHistory(aws: Aws, Name: string): Promise<ParameterHistory[]> {
  const found: ParameterHistory[] = [];
  try {
    for await (const { Parameters = [] } of paginateGetParameterHistory({ client: aws.ssm }, { Name }))
      found.push(...Parameters);
  } catch (error) {
    if (!isAwsError(error, "ParameterNotFound")) throw error;
  }
  return found;
}

async function templateUsage(
  aws: Aws,
  fleet: string,
  ids: readonly string[],
  note: (id: string, why: string) => void,
): Promise<SupersededVersion[]> {
  const groups = await allGroups(aws);
  const old: SupersededVersion[] = [];
  for (const template of await allTemplates(aws)) {
    const versions = await versionsOf(aws, template);
    const use = tagsOf(template.Tags)[tagKey.fleet] === fleet ? useOf(template, groups) : undefined;
    const superseded = use === undefined ? [] : supersededVersions(versions, use);
    old.push(...superseded);
    for (const version of versions.filter(({ imageId }) => ids.includes(imageId)))
      if (!superseded.some(({ version: number }) => number === version.version))
        note(version.imageId, `launch template ${version.templateName}, version ${version.version}`);
  }
  return old;
}

async function allGroups(aws: Aws): Promise<AutoScalingGroup[]> {
  const found: AutoScalingGroup[] = [];
  for await (const page of paginateDescribeAutoScalingGroups({ client: aws.autoscaling }, {}))
    found.push(...(page.AutoScalingGroups ?? []));
  return found;
}

async function allTemplates(aws: Aws): Promise<LaunchTemplate[]> {
  const found: LaunchTemplate[] = [];
  for await (const { LaunchTemplates = [] } of paginateDescribeLaunchTemplates({ client: aws.ec2 }, {}))
    found.push(...LaunchTemplates);
  return found;
}

async function versionsOf(aws: Aws, { LaunchTemplateId, LaunchTemplateName }: LaunchTemplate) {
  const found: TemplateVersion[] = [];
  const pages = paginateDescribeLaunchTemplateVersions({ client: aws.ec2 }, { LaunchTemplateId });
  for await (const { LaunchTemplateVersions = [] } of pages)
    for (const { VersionNumber = 0, LaunchTemplateData, DefaultVersion } of LaunchTemplateVersions)
      found.push({
        templateId: LaunchTemplateId ?? "",
        templateName: LaunchTemplateName ?? "",
        version: VersionNumber,
        imageId: LaunchTemplateData?.ImageId ?? "",
        isDefault: DefaultVersion === true,
      });
  return found;
}

/** How the group of the same name uses the fleet's own template; undefined when nothing, or something else, uses it. */
function useOf(
  { LaunchTemplateName }: LaunchTemplate,
  groups: readonly AutoScalingGroup[],
): TemplateUse | undefined {
  const users = groups.filter((group) => group.LaunchTemplate?.LaunchTemplateName === LaunchTemplateName);
  const [group] = users;
  const current = Number(group?.LaunchTemplate?.Version);
  if (users.length !== 1 || !Number.isInteger(current)) return undefined;
  const previous = Number(tagsOf(group?.Tags)[tagKey.previousVersion]);
  return { current, previous: Number.isInteger(previous) && previous > 0 ? previous : current - 1 };
}
