import {
  paginateDescribeLaunchTemplates,
  paginateDescribeLaunchTemplateVersions,
  type LaunchTemplate,
} from "@aws-sdk/client-ec2";
import { isOurs } from "../../compute/ownership.js";
import {
  soleUse,
  supersededVersions,
  type SupersededVersion,
  type TemplateUser,
  type TemplateVersion,
} from "../../compute/prune/template-versions.js";
import { tagsOf } from "../../compute/tags.js";
import type { Aws } from "../aws.js";
import type { Use } from "./use.js";

export interface TemplatesUse {
  uses: Use[];
  /** Parameter versions from which templates take their AMI: `NAME:VERSION`. */
  pinned: string[];
  /** Versions of the fleet's template that no longer count as use. */
  superseded: SupersededVersion[];
}

/** Every version of every launch template in the region uses its AMI, except superseded versions of the fleet's own template. */
export async function templatesUse(
  aws: Aws,
  fleet: string,
  users: readonly TemplateUser[],
): Promise<TemplatesUse> {
  const found: TemplatesUse = { uses: [], pinned: [], superseded: [] };
  const pages = paginateDescribeLaunchTemplates({ client: aws.ec2, pageSize: 200 }, {});
  for await (const { LaunchTemplates = [] } of pages)
    for (const template of LaunchTemplates) {
      const versions = await versionsOf(aws, template);
      const superseded = supersededOf(template, versions, fleet, users);
      const old = new Set(superseded.map(({ version }) => version));
      found.superseded.push(...superseded);
      for (const { imageId, templateName, version } of versions.filter((one) => !old.has(one.version))) {
        found.uses.push({ id: imageId, why: `launch template ${templateName}, version ${version}` });
        const parameter = /^resolve:ssm:(?!arn:|\/aws\/)([^:]+:[^:]+)$/.exec(imageId)?.[1];
        if (parameter !== undefined) found.pinned.push(parameter);
      }
    }
  return found;
}

function supersededOf(
  { LaunchTemplateId: id = "", LaunchTemplateName: name = "", Tags }: LaunchTemplate,
  versions: readonly TemplateVersion[],
  fleet: string,
  users: readonly TemplateUser[],
): SupersededVersion[] {
  const use = isOurs(tagsOf(Tags), { fleet }) ? soleUse({ id, name }, users) : undefined;
  return use === undefined ? [] : supersededVersions(versions, use);
}

async function versionsOf(aws: Aws, { LaunchTemplateId, LaunchTemplateName }: LaunchTemplate) {
  const found: TemplateVersion[] = [];
  const pages = paginateDescribeLaunchTemplateVersions(
    { client: aws.ec2, pageSize: 200 },
    { LaunchTemplateId },
  );
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
