import { CreateKeyPairCommand, CreateSecurityGroupCommand, CreateVpcCommand } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { bases } from "../support/cloud/cloud.js";
import { playMixedUpdates } from "../support/cloud/mixed-updates.js";
import { makeProfile } from "../support/cloud/instance-profile.js";
import { findingsOf } from "../support/cloud/findings.js";
import { eachOf } from "../support/cloud/each-of.js";
import { told } from "../support/cloud/told.js";
import { cloud, subnets, useCloud } from "../support/cloud/use-cloud.js";

useCloud();

const findings = (parts: Record<string, unknown>) => findingsOf(cloud, parts);

const group = (more: object = {}) => ({ name: "proxies", min: 1, subnets, ...more });
const launch = (more: object = {}) => ({
  ec2: { ami: bases.newest.ami_id, instance_type: "t3.medium", volume_size: 16, ...more },
});

test("a fleet whose every name is there is valid, and nothing is changed", async () => {
  await makeProfile(cloud, "proxies");
  await cloud.ec2.send(new CreateKeyPairCommand({ KeyName: "ops" }));
  const input = { GroupName: "proxies", Description: "of the test" };
  const { GroupId } = await cloud.ec2.send(new CreateSecurityGroupCommand(input));
  const file = await cloud.fleet({
    group: group(),
    launch: launch({
      key_name: "ops",
      security_group_ids: [GroupId],
      iam_instance_profile: "proxies",
      subnets,
      region: "eu-west-1",
    }),
  });
  const { code, stderr, changes } = await told(cloud, "validate", file, "--target", "ec2");
  expect(stderr.match(/^(error|warning)\[.*/gm)).toEqual(["warning[$.database.dbpass_kam]:"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("fleet test is valid: 2 hosts, 2 recorders")]);
  expect(changes).toEqual([]);
  // only a dry run of the launch
  expect(cloud.proxy.calls("RunInstances")[0]?.params["DryRun"]).toBe("true");
});

test("what is not there, does not fit, or is not open is told with its line and rule", async () => {
  const { Vpc } = await cloud.ec2.send(new CreateVpcCommand({ CidrBlock: "10.9.0.0/16" }));
  const input = { GroupName: "other", Description: "of another VPC", VpcId: Vpc?.VpcId };
  const { GroupId } = await cloud.ec2.send(new CreateSecurityGroupCommand(input));
  cloud.proxy.standIns.set("DescribeRegions", async (_, forward) => {
    const answer = await forward();
    const body = eachOf(answer.body, "regionInfo", "item", (region) =>
      region.includes("<regionName>af-south-1<")
        ? region.replace(/<optInStatus>[^<]*/, "<optInStatus>not-opted-in")
        : region,
    );
    return { ...answer, body };
  });
  const lost = "subnet-0123456789abcdef0";
  const image = { media_relay: "rtpengine" };
  const found = await findings({
    image: {
      ...image,
      targets: { ec2: { region: "eu-west-1", ami_regions: ["af-south-1"], instance_type: "c9z.large" } },
    },
    proxies: { sipproxy0: { public_ip_address: "198.51.100.7", private_ip_address: "172.31.0.10" } },
    group: group({ instance_type: "m6g.large", subnets: [...subnets, lost] }),
    launch: launch({
      instance_type: "t9.medium",
      volume_size: 4,
      security_group_ids: [GroupId, "sg-0123456789abcdef0"],
      key_name: "nobody",
      iam_instance_profile: "nobody",
    }),
  });
  for (const [path, message] of Object.entries({
    "image.targets.ec2.ami_regions[0]": /must be enabled for this account; af-south-1 is not/,
    "image.targets.ec2.instance_type": /must be an instance type of eu-west-1; got c9z\.large/,
    "proxies.sipproxy0.public_ip_address": /must be an Elastic IP of this account in eu-west-1/,
    "group.instance_type": /must have x86_64 processors, because ami-\w+ is for them; m6g\.large has arm64/,
    [`group.subnets[${subnets.length}]`]: new RegExp(`must be a subnet of this account .*got ${lost}`),
    "launch.ec2.instance_type": /must be an instance type of eu-west-1; got t9\.medium/,
    "launch.ec2.volume_size": /must be at least \d+, the size of ami-\w+'s snapshot; got 4/,
    "launch.ec2.security_group_ids[0]": /must be in the VPC of the instances/,
    "launch.ec2.security_group_ids[1]": /must be a security group of this account/,
    "launch.ec2.key_name": /must be a key pair in eu-west-1; got nobody/,
    "launch.ec2.iam_instance_profile": /must be an instance profile of this account; got nobody: .*not found/,
  })) {
    expect(found.get(`$.${path}`)?.message, path).toMatch(message);
    expect(found.get(`$.${path}`)).toMatchObject({ severity: "error", line: 1 });
  }
});

test("whoever may not ask for one thing is told the action, and the others are checked", async () => {
  for (const action of ["DescribeKeyPairs", "DescribeInstanceTypes"])
    cloud.proxy.trouble(action, { code: "UnauthorizedOperation", message: "You are not authorized" });
  const parts = {
    launch: launch({ ami: undefined, key_name: "ops", subnets: ["subnet-0123456789abcdef0"] }),
  };
  const file = await cloud.fleet(parts);
  const { code, stderr } = await told(cloud, "validate", file, "--target", "ec2");
  expect(code).toBe(1);
  for (const words of [
    /warning\[\$\.launch\.ec2\][^]*is not checked in part: EC2 DescribeKeyPairs: UnauthorizedOperation/,
    /is not checked in part: EC2 DescribeInstanceTypes: UnauthorizedOperation/,
    /hint: your IAM policy must allow this action/,
    /warning\[\$\.image\.targets\.ec2\][^]*has no promoted AMI in eu-west-1 \(\/sip-proxy\/test\/ami\)/,
    /error\[\$\.launch\.ec2\.subnets\[0\]\][^]*must be a subnet of this account/,
  ])
    expect(stderr).toMatch(words);
});

test("a limit of Elastic IPs that leaves no room is told before a launch meets it", async () => {
  const proxies = Object.fromEntries(
    Array.from({ length: 6 }, (_, at) => [
      `sipproxy${at}`,
      { public_ip_address: "auto", private_ip_address: `172.31.0.${at + 10}` },
    ]),
  );
  const found = await findings({ proxies, launch: launch() });
  expect(found.get("$.launch.ec2.elastic_ip")).toMatchObject({
    severity: "warning",
    message: expect.stringMatching(/needs 6 more Elastic IPs .*limit \(5\) leaves 5/) as string,
  });
});

/** A fleet file with a group of these types, or with other settings. */
const mixed = (more: object = {}, ami = bases.old.ami_id) =>
  cloud.fleet({
    group: group({ instance_types: ["t3.medium", "t3a.medium"], min: 2, max: 4, ...more }),
    launch: launch({ ami, iam_instance_profile: "host" }),
    database: { dbhost: "database.example.com", dbpass_kam: "${ssm:/kam}" },
  });

async function theGroup() {
  const input = { AutoScalingGroupNames: ["test-proxies"] };
  const answer = await cloud.autoscaling.send(new DescribeAutoScalingGroupsCommand(input));
  return answer.AutoScalingGroups?.[0];
}

const changesOf = async (...argv: string[]) => (await told(cloud, "group", ...argv)).changes;

test("a group of several types: made, found unchanged, changed, rolled, rolled back, and exported", async () => {
  playMixedUpdates(cloud.proxy);
  const file = await mixed();
  expect(await changesOf("apply", file)).toEqual([
    "ec2:CreateLaunchTemplate",
    "autoscaling:CreateAutoScalingGroup",
  ]);
  const types = (...names: string[]) => names.map((InstanceType) => ({ InstanceType }));
  const made = (await theGroup())?.MixedInstancesPolicy;
  expect(made?.LaunchTemplate?.LaunchTemplateSpecification).toMatchObject({ Version: "1" });
  expect(made?.LaunchTemplate?.Overrides).toMatchObject(types("t3.medium", "t3a.medium"));
  expect(made?.InstancesDistribution).toEqual({
    OnDemandAllocationStrategy: "prioritized",
    OnDemandPercentageAboveBaseCapacity: 100,
  });
  expect(await changesOf("apply", file)).toEqual([]);

  const newer = await mixed({}, bases.newest.ami_id);
  expect(await changesOf("apply", newer)).toEqual(["ec2:CreateLaunchTemplateVersion"]);
  const roll = ["autoscaling:CreateOrUpdateTags", "autoscaling:StartInstanceRefresh"];
  expect(await told(cloud, "group", "roll", newer)).toMatchObject({ code: 0, changes: roll });
  const [start] = cloud.proxy.calls("StartInstanceRefresh");
  const asked = Object.entries(start?.params ?? {}).filter(([field]) =>
    field.startsWith("DesiredConfiguration."),
  );
  expect(Object.fromEntries(asked)).toMatchObject({
    [`${desired}.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName`]: "test-proxies",
    [`${desired}.LaunchTemplate.LaunchTemplateSpecification.Version`]: "2",
    [`${desired}.LaunchTemplate.Overrides.member.2.InstanceType`]: "t3a.medium",
    [`${desired}.InstancesDistribution.OnDemandPercentageAboveBaseCapacity`]: "100",
  });
  expect(await changesOf("roll", newer)).toEqual([]);
  const status = await told(cloud, "group", "status", newer);
  expect(status.stdout).toMatch(
    /launches version 2 [^]*a rollback goes to 1\nlaunches t3\.medium, t3a\.medium\n/,
  );
  expect(await told(cloud, "group", "rollback", newer)).toMatchObject({ code: 0 });
  expect(await cloud.json("group", "status", newer)).toMatchObject({
    types: ["t3.medium", "t3a.medium"],
    version: 1,
  });

  // apply finds and prints the changes of the types, and applies them; the group keeps its template version
  const other = await mixed({ instance_types: ["t3a.medium", "t3.medium"], spot_percentage: 20 });
  const plan = await told(cloud, "group", "plan", other);
  expect(plan.stdout).toContain("~ instance types of autoscaling group test-proxies");
  expect(plan.stdout).toContain("~ distribution.OnDemandPercentageAboveBaseCapacity: 100 -> 80");
  expect(plan.stderr).toMatch(/can interrupt calls: EC2 interrupts spot instances/);
  await cloud.ok("group", "apply", other);
  expect(await changesOf("apply", other)).toEqual([]);
  expect(await cloud.json("group", "status", other)).toMatchObject({
    types: ["t3a.medium", "t3.medium"],
    spotPercentage: 20,
    version: 1,
  });
  const [resources] = [
    JSON.parse((await cloud.ok("export", other, "--format", "cloudformation")).stdout),
  ] as [Stack];
  expect(resources.Resources.Group.Properties).toMatchObject({
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateId: { Ref: "LaunchTemplate" } },
        Overrides: types("t3a.medium", "t3.medium"),
      },
    },
  });
  expect(resources.Resources.Group.Properties).not.toHaveProperty("LaunchTemplate");

  // back to one type
  const plain = await mixed({ instance_types: [], instance_type: "t3a.medium" });
  await cloud.ok("group", "apply", plain);
  expect(await cloud.json("group", "status", plain)).toMatchObject({ types: [], version: 1 });
  expect(await changesOf("apply", plain)).toEqual([]);
});

test("spot instances are told as such, in the group's status and in that of its instances", async () => {
  const file = await mixed({ spot_percentage: 50 });
  await cloud.ok("group", "apply", file);
  cloud.proxy.standIns.set("DescribeInstances", async (_, forward) => {
    const answer = await forward();
    const spot = "<instanceLifecycle>spot</instanceLifecycle><imageId>";
    return { ...answer, body: answer.body.replace("<imageId>", spot) };
  });
  for (const [argv, words] of [
    [["group", "status", file], /t3\.medium, spot +eu-west-1/],
    [["status", file, "--target", "ec2"], /running, spot/],
  ] as const) {
    const { stdout } = await told(cloud, ...argv);
    expect(stdout).toMatch(words);
    expect(stdout.match(/, spot/g)).toHaveLength(1);
    const json = (await told(cloud, ...argv, "--json")).stdout;
    expect([/"spot": true/g, /"spot": false/g].map((each) => json.match(each)?.length)).toEqual([1, 1]);
  }
});

interface Stack {
  Resources: { Group: { Properties: object } };
}

const desired = "DesiredConfiguration.MixedInstancesPolicy";

test("types of several sizes, and of another architecture, are told: by their names, else by what EC2 knows", async () => {
  const sizes = (...instance_types: string[]) =>
    findings({ group: group({ instance_types }), launch: launch() });
  const named = await sizes("c5.large", "c5.xlarge");
  expect(named.get("$.group.instance_types")).toMatchObject({
    severity: "warning",
    message: expect.stringContaining("different numbers of vCPUs (c5.large 2, c5.xlarge 4)") as string,
  });
  const asked = await sizes("t2.small", "t3.medium");
  expect(asked.get("$.group.instance_types")?.message).toContain("(t2.small 1, t3.medium 2)");
  expect((await sizes("t3.medium", "t3a.medium")).get("$.group.instance_types")).toBeUndefined();
  const arm = await sizes("t3.medium", "m6g.medium");
  expect(arm.get("$.group.instance_types[1]")).toMatchObject({ severity: "error" });
});
