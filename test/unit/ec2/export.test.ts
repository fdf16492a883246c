import { expect, test } from "vitest";
import { cloudFormation } from "../../../src/targets/ec2/compute/cloudformation/export.js";
import { versionBefore } from "../../../src/targets/ec2/compute/group/current.js";
import { runCli } from "../../support/cloud/cli.js";
import { exported, fleetForExport } from "../../support/exported.js";

test("the template has what the group needs, and the role that the fleet names none for", () => {
  const { Parameters, Resources } = exported(fleetForExport());
  expect(Parameters["Ami"]).toMatchObject({
    Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
    Default: "/sip-proxy/test/ami",
  });
  expect(Object.keys(Resources)).toEqual([
    "SecurityGroup",
    "LaunchTemplate",
    "Group",
    "ScalingPolicy",
    "WarmPool",
    "AlarmNoHostReady",
    "AlarmNoRecorder",
    "AlarmCallsRefused",
    "Role",
    "InstanceProfile",
  ]);
  expect(Resources["Group"]?.Properties).toMatchObject({
    AutoScalingGroupName: "test-proxies",
    LifecycleHookSpecificationList: [{ DefaultResult: "ABANDON" }, { DefaultResult: "CONTINUE" }],
    Tags: expect.arrayContaining([
      { Key: "sip-proxy:managed-by", Value: "cloudformation", PropagateAtLaunch: false },
      { Key: "sip-proxy:fleet", Value: "test", PropagateAtLaunch: false },
    ]) as object[],
  });
  expect(Resources["Group"]?.Properties).not.toHaveProperty("DesiredCapacity");
  expect(JSON.stringify(Resources)).not.toMatch(/\((the|new) /);
});

test("what the fleet names is taken instead: AMI, instance profile, security groups, size", () => {
  const launch = {
    ec2: { ami: "ami-01234567", iam_instance_profile: "host", security_group_ids: ["sg-01234567"] },
  };
  const { Parameters, Resources } = exported(fleetForExport({ launch, group: { desired: 3 } }));
  expect(Object.keys(Parameters)).toEqual(["RootDevice"]);
  expect(Object.keys(Resources).filter((id) => !id.startsWith("Alarm"))).toEqual([
    "LaunchTemplate",
    "Group",
    "ScalingPolicy",
    "WarmPool",
  ]);
  expect(Resources["LaunchTemplate"]?.Properties).toMatchObject({
    LaunchTemplateData: {
      ImageId: "ami-01234567",
      IamInstanceProfile: { Name: "host" },
      SecurityGroupIds: ["sg-01234567"],
    },
  });
  expect(Resources["Group"]?.Properties).toMatchObject({ DesiredCapacity: "3" });
});

test("the text of a secret never comes into it; a certificate and a reference may", () => {
  const tls = { enable_tls: true, tls_certificate: "${file:/c.pem}", tls_private_key: "${file:/k.pem}" };
  const fleet = fleetForExport({
    database: { dbhost: "10.0.0.9", dbpass_kam: "${env:KAM}" },
    settings: { ...tls, dialog_secret: "${ssm:/dialog}" },
  });
  expect(cloudFormation.faults(fleet).map(({ path }) => path.join("."))).toEqual([
    "database.dbpass_kam",
    "settings.tls_private_key",
  ]);
  expect(cloudFormation.faults(fleetForExport())).toEqual([]);
  expect(cloudFormation.faults(fleetForExport({ group: { subnets: [] } }))).toMatchObject([
    { message: expect.stringMatching(/^needs subnets/) as string },
  ]);
});

test("a format that nobody writes, and a fleet without a group, are told", async () => {
  expect(await runCli(["export", "examples/recorders-eu.yaml", "--format", "word"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("cloudformation") as string,
  });
  expect(await runCli(["export", "examples/recorders-eu.yaml", "--format", "cloudformation"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("has no group") as string,
  });
});

test("the version before a roll is the group's, or, where a stack has set the new one, the instances'", () => {
  const group = (version: string, ...run: string[]) => ({
    template: undefined,
    hooks: [],
    policies: [],
    warmPool: undefined,
    alarms: [],
    refresh: undefined,
    group: {
      AutoScalingGroupName: "g",
      MinSize: 1,
      MaxSize: 1,
      DesiredCapacity: 1,
      DefaultCooldown: 0,
      AvailabilityZones: [],
      HealthCheckType: "EC2",
      CreatedTime: new Date(0),
      LaunchTemplate: { Version: version },
      Instances: run.map((Version) => ({
        InstanceId: "i",
        AvailabilityZone: "a",
        LifecycleState: "InService" as const,
        HealthStatus: "Healthy",
        ProtectedFromScaleIn: false,
        LaunchTemplate: { Version },
      })),
    },
  });
  expect(versionBefore(group("2", "2", "2"), 3)).toBe(2);
  expect(versionBefore(group("3", "2", "3", "1"), 3)).toBe(2);
  expect(versionBefore(group("3", "3"), 3)).toBeUndefined();
});
