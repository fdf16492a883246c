import { gunzipSync } from "node:zlib";
import {
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  SetDesiredCapacityCommand,
} from "@aws-sdk/client-auto-scaling";
import { DescribeInstancesCommand, DescribeLaunchTemplateVersionsCommand } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { bases, secret } from "../support/cloud/cloud.js";
import { printedCalls, told } from "../support/cloud/told.js";
import { cloud, gaps, subnets, useCloud } from "../support/cloud/use-cloud.js";

useCloud();

const name = "test-proxies";

function fleet(group: object = {}, ec2: object = {}): Promise<string> {
  return cloud.fleet({
    group: { name: "proxies", subnets, min: 2, max: 4, target_calls: 400, warm_pool: 1, ...group },
    launch: {
      ec2: {
        instance_type: "t3.medium",
        iam_instance_profile: "host",
        ami: bases.old.ami_id,
        create_security_group: true,
        ...ec2,
      },
    },
  });
}

const second = (group: object = {}) => fleet(group, { ami: bases.newest.ami_id });

async function theGroup() {
  const { AutoScalingGroups = [] } = await cloud.autoscaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  return AutoScalingGroups[0];
}

/** The images of the group's instances: moto's answers tell wrong versions of the template. */
const instanceImages = async () => {
  const InstanceIds = (await theGroup())?.Instances?.map(({ InstanceId = "" }) => InstanceId) ?? [];
  const { Reservations = [] } = await cloud.ec2.send(new DescribeInstancesCommand({ InstanceIds }));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ ImageId }) => ImageId));
};
const { old, newest } = bases;

async function templateVersions() {
  const { LaunchTemplateVersions = [] } = await cloud.ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: name }),
  );
  return LaunchTemplateVersions.sort((a, b) => (a.VersionNumber ?? 0) - (b.VersionNumber ?? 0));
}

const made = [
  "ec2:CreateSecurityGroup",
  "ec2:AuthorizeSecurityGroupIngress",
  "ec2:CreateLaunchTemplate",
  "autoscaling:CreateAutoScalingGroup",
  "autoscaling:PutScalingPolicy",
  "autoscaling:PutWarmPool",
];
/** The names in error messages of resources that these calls have created. */
const creations = {
  "ec2:CreateSecurityGroup": "security group sg-",
  "ec2:CreateLaunchTemplate": "launch template test-proxies",
  "autoscaling:CreateAutoScalingGroup": "autoscaling group test-proxies",
};

test("a whole life: plan, apply, scale, roll to a second image, roll back, delete; each twice, each dry first", async () => {
  const first = await fleet();
  expect(await told(cloud, "group", "plan", first, "--exit-code")).toMatchObject({ code: 3, changes: [] });
  const dry = await told(cloud, "group", "apply", first, "--dry-run");
  expect([dry.code, dry.changes, printedCalls(dry.stdout)]).toEqual([0, [], made]);
  expect((await told(cloud, "group", "apply", first)).changes).toEqual(made);
  expect((await told(cloud, "group", "apply", first)).changes).toEqual([]);
  const idle = await told(cloud, "group", "plan", first, "--exit-code");
  expect([idle.code, idle.stdout]).toEqual([0, expect.stringMatching(/nothing to change/)]);

  // somebody else (target tracking) scales out: apply does not change that
  await cloud.autoscaling.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: name, DesiredCapacity: 4 }),
  );
  expect((await told(cloud, "group", "apply", first)).changes).toEqual([]);
  // the fleet file scales out and in
  for (const [desired, count] of [
    [3, 3],
    [2, 2],
  ] as const) {
    const scaled = await fleet({ desired });
    expect((await told(cloud, "group", "apply", scaled)).changes).toEqual([
      "autoscaling:UpdateAutoScalingGroup",
    ]);
    expect((await told(cloud, "group", "apply", scaled)).changes).toEqual([]);
    expect((await theGroup())?.Instances).toHaveLength(count);
  }

  const file = await second();
  const plan = await told(cloud, "group", "plan", file);
  expect(plan.stdout).toContain(`~ ImageId: ${bases.old.ami_id} -> ${bases.newest.ami_id}`);
  expect((await told(cloud, "group", "apply", file)).changes).toEqual(["ec2:CreateLaunchTemplateVersion"]);
  expect((await told(cloud, "group", "apply", file)).changes).toEqual([]);
  expect(await instanceImages()).toEqual([old.ami_id, old.ami_id]);

  const roll = ["autoscaling:CreateOrUpdateTags", "autoscaling:StartInstanceRefresh"];
  const dryRoll = await told(cloud, "group", "roll", file, "--dry-run");
  expect([dryRoll.changes, printedCalls(dryRoll.stdout)]).toEqual([[], roll]);
  expect(await told(cloud, "group", "roll", file)).toMatchObject({ code: 0, changes: roll });
  expect(await instanceImages()).toEqual([newest.ami_id, newest.ami_id]);
  expect(await told(cloud, "group", "roll", file)).toMatchObject({
    changes: [],
    stderr: expect.stringContaining("every instance already runs version 2") as string,
  });

  const back = ["autoscaling:StartInstanceRefresh", "autoscaling:DeleteTags"];
  const dryBack = await told(cloud, "group", "rollback", file, "--dry-run");
  expect([dryBack.changes, printedCalls(dryBack.stdout)]).toEqual([[], back]);
  expect(await told(cloud, "group", "rollback", file)).toMatchObject({ code: 0, changes: back });
  expect(await instanceImages()).toEqual([old.ami_id, old.ami_id]);
  expect(await told(cloud, "group", "rollback", file)).toMatchObject({
    code: 1,
    changes: [],
    stderr: expect.stringContaining("no previous version is recorded") as string,
  });

  const end = [
    "autoscaling:UpdateAutoScalingGroup",
    "autoscaling:DeleteWarmPool",
    "autoscaling:DeleteAutoScalingGroup",
    "ec2:DeleteLaunchTemplate",
  ];
  const dryEnd = await told(cloud, "group", "delete", file, "--dry-run");
  expect([dryEnd.changes, printedCalls(dryEnd.stdout)]).toEqual([[], end]);
  expect((await told(cloud, "group", "delete", file, "--release")).changes).toEqual([
    ...end,
    "ec2:DeleteSecurityGroup",
  ]);
  expect(await told(cloud, "group", "delete", file, "--release")).toMatchObject({ code: 0, changes: [] });
  expect(await theGroup()).toBeUndefined();
});

test("what is sent: numeric version, hooks, IMDSv2, encrypted disk, and user-data that knows the group's name", async () => {
  await cloud.ok("group", "apply", await fleet());
  expect(await theGroup()).toMatchObject({
    LaunchTemplate: { LaunchTemplateName: name, Version: "1" },
    VPCZoneIdentifier: subnets.join(","),
  });
  const { LifecycleHooks } = await cloud.autoscaling.send(
    new DescribeLifecycleHooksCommand({ AutoScalingGroupName: name }),
  );
  expect(
    LifecycleHooks?.map((hook) => [hook.LifecycleHookName, hook.HeartbeatTimeout, hook.DefaultResult]),
  ).toEqual([
    ["sip-proxy-launch", 900, "ABANDON"],
    ["sip-proxy-terminate", 300, "CONTINUE"],
  ]);
  const data = (await templateVersions())[0]?.LaunchTemplateData;
  expect(data).toMatchObject({
    MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
    BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
    IamInstanceProfile: { Name: "host" },
  });
  const userData = gunzipSync(Buffer.from(data?.UserData ?? "", "base64")).toString();
  expect(userData).toContain(`GROUP=${name}\n`);
  const policy = await cloud.json<object>("iam-policy", await fleet());
  expect(JSON.stringify(policy)).toContain(`autoScalingGroupName/${name}"`);
});

test("a roll is launched before it ends anything, and undone when instances fail", async () => {
  await cloud.ok("group", "apply", await fleet());
  const file = await second();
  await cloud.ok("group", "apply", file);
  gaps.failNextRefresh = true;
  const failed = await told(cloud, "group", "roll", file);
  expect([failed.code, failed.stderr]).toEqual([
    1,
    expect.stringMatching(
      /the roll to version 2 failed and was rolled back: .*instances failed their launch hook/,
    ),
  ]);
  expect(cloud.proxy.calls("StartInstanceRefresh")[0]?.params).toMatchObject({
    "DesiredConfiguration.LaunchTemplate.Version": "2",
    "Preferences.AutoRollback": "true",
    "Preferences.MinHealthyPercentage": "100",
    "Preferences.MaxHealthyPercentage": "110",
  });
  expect(await instanceImages()).toEqual([old.ami_id, old.ami_id]);
});

test("a roll that goes on is joined by a second run, refused to another version, and can be undone", async () => {
  await cloud.ok("group", "apply", await fleet());
  const file = await second();
  await cloud.ok("group", "apply", file);
  gaps.stuck = true;
  await cloud.ok("group", "roll", file, "--no-wait");
  expect((await told(cloud, "group", "roll", file, "--no-wait")).stderr).toMatch(/is already running/);
  expect(await told(cloud, "group", "roll", file, "--to", "1")).toMatchObject({ code: 1, changes: [] });
  const late = await told(cloud, "group", "roll", file, "--timeout", "0.2");
  expect([late.code, late.stderr]).toEqual([
    1,
    expect.stringMatching(/the roll is still running after 0.2 s/),
  ]);
  gaps.stuck = false;
  expect(await told(cloud, "group", "rollback", file)).toMatchObject({
    code: 0,
    changes: ["autoscaling:RollbackInstanceRefresh"],
  });
});

test("the group's records are those of its instances in service", async () => {
  const file = await fleet();
  await cloud.ok("group", "apply", file);
  const { stdout, stderr } = await cloud.ok("dns", file, "--target", "ec2", "--domain", "sip.example.com");
  expect(stdout.match(/IN SRV 10 10 5080 proxies-\d+-\d+-\d+-\d+\.sip\.example\.com\./g)).toHaveLength(4);
  expect(stdout.match(/^proxies-.* IN A /gm)).toHaveLength(2);
  expect(stderr).toContain("no records for sipproxy0: EC2 has no public address for it");
});

describe("trouble at the endpoint", () => {
  test.each(["throttled", "internal error", "reset", "silence", "answer lost"] as const)(
    "every call that meets '%s' once is made again, and nothing is made twice",
    async (trouble) => {
      const file = await fleet();
      for (const call of made) cloud.proxy.trouble(call.split(":")[1] ?? "", trouble);
      const { code, stderr } = await told(cloud, "group", "apply", file);
      expect([code, stderr]).toEqual([0, expect.stringMatching(/applied: 6 changes/)]);
      expect(await templateVersions()).toHaveLength(1);
      expect((await told(cloud, "group", "plan", file)).stdout).toMatch(/nothing to change/);
    },
  );

  test.each(made)(
    "when %s stays throttled, the error says so and names what was made; run again, it goes on",
    async (call) => {
      const file = await fleet();
      const action = call.split(":")[1] ?? "";
      cloud.proxy.trouble(action, "throttled", { times: 4 });
      const failed = await told(cloud, "group", "apply", file);
      expect([failed.code, failed.stderr]).toEqual([
        1,
        expect.stringMatching(new RegExp(`${action}: (RequestLimitExceeded|Throttling).*tried 4 times`)),
      ]);
      for (const [creation, named] of Object.entries(creations))
        expect(failed.stderr.includes(named)).toBe(made.indexOf(creation) < made.indexOf(call));
      await cloud.ok("group", "apply", file);
      expect((await told(cloud, "group", "apply", file)).changes).toEqual([]);
      expect(await templateVersions()).toHaveLength(1);
    },
  );
});

test("nothing that is printed holds the secret", async () => {
  const file = await fleet();
  const outputs = [
    await told(cloud, "--verbose", "group", "plan", file),
    await told(cloud, "--verbose", "group", "plan", file, "--json"),
    await told(cloud, "--verbose", "group", "apply", file, "--dry-run"),
    await told(cloud, "--verbose", "group", "apply", file, "--json"),
    await told(cloud, "--verbose", "group", "status", file, "--json"),
  ];
  const encoded = [secret, Buffer.from(secret).toString("base64").slice(0, 20)];
  for (const { code, stdout, stderr } of outputs) {
    expect(code).toBe(0);
    for (const bytes of encoded) expect(stdout + stderr).not.toContain(bytes);
  }
});
