import {
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  DescribeVpcsCommand,
  type Tag,
} from "@aws-sdk/client-ec2";
import { expect } from "vitest";
import { bases } from "./cloud.js";
import { told } from "./told.js";
import { cloud, subnets } from "./use-cloud.js";

export const name = "eu-west-proxies";

/** By default, the fleet eu-west with the group proxies. */
export function fleet(
  parts: { fleet?: string; group?: object; ec2?: object; database?: object } = {},
  file = "fleet",
): Promise<string> {
  const { database } = parts;
  const ec2 = {
    instance_type: "t3.medium",
    iam_instance_profile: "host",
    ami: bases.old.ami_id,
    ...parts.ec2,
  };
  return cloud.fleet(
    {
      fleet: parts.fleet ?? "eu-west",
      group: { name: "proxies", subnets, min: 2, max: 4, ...parts.group },
      launch: { ec2 },
      ...(database && { database }),
    },
    file,
  );
}

export async function theGroup() {
  const { AutoScalingGroups = [] } = await cloud.autoscaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  return AutoScalingGroups[0];
}

export async function makeTemplate(tags: Tag[] = [], templateName = name): Promise<void> {
  await cloud.ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: templateName,
      LaunchTemplateData: { ImageId: bases.old.ami_id, InstanceType: "t3.micro" },
      ...(tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: "launch-template", Tags: tags }] }),
    }),
  );
}

/** A group that somebody else has created. */
export async function makeGroup(tags: Tag[] = []): Promise<void> {
  await makeTemplate([], "theirs");
  await cloud.autoscaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      LaunchTemplate: { LaunchTemplateName: "theirs", Version: "1" },
      MinSize: 1,
      MaxSize: 1,
      VPCZoneIdentifier: subnets.join(","),
      Tags: tags.map(({ Key = "", Value = "" }) => ({
        Key,
        Value,
        ResourceId: name,
        ResourceType: "auto-scaling-group",
        PropagateAtLaunch: false,
      })),
    }),
  );
}

export async function makeSecurityGroup(): Promise<void> {
  const { Vpcs = [] } = await cloud.ec2.send(new DescribeVpcsCommand({}));
  await cloud.ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: "sip-proxy-eu-west",
      Description: "theirs",
      VpcId: Vpcs[0]?.VpcId,
    }),
  );
}

export const verbs = [
  ["plan"],
  ["apply"],
  ["apply", "--dry-run"],
  ["roll"],
  ["rollback", "--to", "1"],
  ["delete"],
  ["delete", "--force"],
  ["delete", "--force", "--release", "--dry-run"],
] as const;

/** Checks that every changing command refuses, and names the resource. */
export async function refused(
  file: string,
  named: RegExp,
  among: readonly (readonly string[])[] = verbs,
): Promise<void> {
  for (const [verb = "", ...more] of among)
    expect([verb, await told(cloud, "group", verb, file, ...more)]).toMatchObject([
      verb,
      { code: 1, changes: [], stdout: "", stderr: expect.stringMatching(named) as string },
    ]);
}
