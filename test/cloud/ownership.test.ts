import {
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  DescribeVpcsCommand,
  type Tag,
} from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bases, Cloud } from "../support/cloud/cloud.js";
import { errorAnswer } from "../support/cloud/fault-proxy.js";
import { MotoGaps } from "../support/cloud/moto-gaps.js";
import { told } from "../support/cloud/told.js";

let cloud: Cloud;
let subnets: string[];
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(async () => {
  await cloud.reset();
  new MotoGaps(cloud.proxy, () => cloud.autoscaling);
  subnets = (await cloud.subnets()).map(({ id }) => id);
});
afterAll(() => cloud?.stop());

const name = "eu-west-proxies";

/** The fleet eu-west with the group proxies, unless said otherwise. */
function fleet(
  parts: { fleet?: string; group?: object; ec2?: object } = {},
  file = "fleet",
): Promise<string> {
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
    },
    file,
  );
}

async function theGroup() {
  const { AutoScalingGroups = [] } = await cloud.autoscaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  return AutoScalingGroups[0];
}

async function makeTemplate(tags: Tag[] = [], templateName = name): Promise<void> {
  await cloud.ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: templateName,
      LaunchTemplateData: { ImageId: bases.old.ami_id, InstanceType: "t3.micro" },
      ...(tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: "launch-template", Tags: tags }] }),
    }),
  );
}

/** A group as somebody else has made it. */
async function makeGroup(tags: Tag[] = []): Promise<void> {
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

async function makeSecurityGroup(): Promise<void> {
  const { Vpcs = [] } = await cloud.ec2.send(new DescribeVpcsCommand({}));
  await cloud.ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: "sip-proxy-eu-west",
      Description: "theirs",
      VpcId: Vpcs[0]?.VpcId,
    }),
  );
}

const verbs = [
  ["plan"],
  ["apply"],
  ["apply", "--dry-run"],
  ["roll"],
  ["rollback", "--to", "1"],
  ["delete"],
  ["delete", "--force"],
  ["delete", "--force", "--release", "--dry-run"],
] as const;

/** Every command that would change something refuses, and names what it has found. */
async function refused(
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

describe("what somebody else has made", () => {
  test("a group of the same name without a mark is refused, and adopted on purpose", async () => {
    await makeGroup();
    const file = await fleet();
    await refused(
      file,
      /autoscaling group eu-west-proxies was not made for the fleet eu-west: .*[^]*--adopt/,
    );
    const adopted = await told(cloud, "group", "apply", file, "--adopt");
    expect(adopted).toMatchObject({ code: 0 });
    // marked before anything of it is changed
    expect(adopted.changes.indexOf("autoscaling:CreateOrUpdateTags")).toBeLessThan(
      adopted.changes.indexOf("autoscaling:UpdateAutoScalingGroup"),
    );
    expect((await told(cloud, "group", "apply", file)).changes).toEqual([]);
    expect(await told(cloud, "group", "delete", file, "--force")).toMatchObject({ code: 0 });
    expect(await theGroup()).toBeUndefined();
  });

  test("so is a launch template", async () => {
    await makeTemplate();
    const file = await fleet();
    await refused(
      file,
      /launch template eu-west-proxies \(lt-\w+\) was not made for the fleet/,
      verbs.filter(([verb]) => !verb.startsWith("roll")),
    );
    expect((await told(cloud, "group", "apply", file, "--adopt")).changes).toEqual([
      "ec2:CreateTags",
      "ec2:CreateLaunchTemplateVersion",
      "autoscaling:CreateAutoScalingGroup",
    ]);
    // of the version that this apply has made
    expect((await theGroup())?.LaunchTemplate?.Version).toBe("2");
    expect((await told(cloud, "group", "apply", file)).changes).toEqual([]);
  });

  test("so is a security group, by launch too", async () => {
    await makeSecurityGroup();
    const file = await fleet({ ec2: { create_security_group: true, subnets } });
    const named = /security group sip-proxy-eu-west \(sg-\w+\) was not made for the fleet/;
    await refused(file, named, [["plan"], ["apply"]]);
    expect(await told(cloud, "launch", file, "sipproxy0", "--target", "ec2", "--no-wait")).toMatchObject({
      code: 1,
      changes: [],
      stderr: expect.stringMatching(named) as string,
    });
    expect((await told(cloud, "group", "delete", file, "--release")).changes).toEqual([]);
    expect((await told(cloud, "group", "apply", file, "--adopt")).changes.slice(0, 2)).toEqual([
      "ec2:CreateTags",
      "ec2:AuthorizeSecurityGroupIngress",
    ]);
    expect((await told(cloud, "group", "apply", file)).changes).toEqual([]);
  });

  test.each([
    ["another fleet's", [{ Key: "sip-proxy:fleet", Value: "eu" }], /belongs to the fleet eu;/],
    [
      "a CloudFormation stack's",
      [{ Key: "aws:cloudformation:stack-name", Value: "voice" }],
      /belongs to the CloudFormation stack voice;/,
    ],
  ])("%s group is not even adopted", async (_, tags, named) => {
    await makeGroup(tags);
    await refused(await fleet(), named, [...verbs, ["apply", "--adopt"]]);
  });

  test("two fleets whose names come to the same leave each other alone", async () => {
    const ours = await fleet();
    const theirs = await fleet({ fleet: "eu", group: { name: "west-proxies" } }, "theirs");
    await cloud.ok("group", "apply", ours);
    await refused(theirs, /belongs to the fleet eu-west;/);
    expect((await told(cloud, "group", "apply", ours)).changes).toEqual([]);
  });
});

test("what release 0.1.0 has made is known without --adopt, and keeps its name", async () => {
  const mark = { Key: "sip-proxy:fleet", Value: "eu-west" };
  // its template had the fleet's mark alone
  await makeTemplate([mark]);
  await makeGroup([mark, { Key: "sip-proxy:host", Value: "proxies" }, { Key: "Name", Value: name }]);
  const file = await fleet();
  expect((await told(cloud, "group", "apply", file)).changes).toEqual([
    "ec2:CreateLaunchTemplateVersion",
    "autoscaling:UpdateAutoScalingGroup",
    "autoscaling:PutLifecycleHook",
    "autoscaling:PutLifecycleHook",
  ]);
});

describe("two applies at once", () => {
  /** The other apply does this between the first one's plan and its call, or right after the call. */
  function meanwhile(action: string, when: "before" | "after", other: () => Promise<unknown>): void {
    const play = cloud.proxy.standIns.get(action);
    cloud.proxy.standIns.set(action, async (call, forward) => {
      if (when === "before") await other();
      const answer = play ? await play(call, forward) : await forward();
      if (when === "after") await other();
      return answer;
    });
  }

  const mark = { Key: "sip-proxy:fleet", Value: "eu-west" };

  test("a template that the other has made first stays, and the loser says so", async () => {
    meanwhile("CreateLaunchTemplate", "before", () => makeTemplate([mark]));
    expect(await told(cloud, "group", "apply", await fleet())).toMatchObject({
      code: 1,
      changes: ["ec2:CreateLaunchTemplate"],
      stderr: expect.stringMatching(
        /somebody else has made this at the same time[^]*another apply/,
      ) as string,
    });
  });

  test("so does a group; moto lets a second one of the same name replace it, AWS refuses", async () => {
    cloud.proxy.standIns.set("CreateAutoScalingGroup", ({ service }) =>
      errorAnswer(service, "AlreadyExists", "AutoScalingGroup by this name already exists"),
    );
    expect(await told(cloud, "group", "apply", await fleet())).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /somebody else has made this at the same time[^]*another apply/,
      ) as string,
    });
  });

  test("of two changes of a group the last one wins, and the other one says so", async () => {
    await cloud.ok("group", "apply", await fleet());
    meanwhile("UpdateAutoScalingGroup", "after", () =>
      cloud.autoscaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, MaxSize: 6 })),
    );
    expect(await told(cloud, "group", "apply", await fleet({ group: { max: 5 } }))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `somebody else has changed the group at the same time, and won: autoscaling group ${name}`,
      ) as string,
    });
    expect((await theGroup())?.MaxSize).toBe(6);
  });
});

describe("a group that cannot be deleted keeps its instances", () => {
  /** What moto's groups do not have. */
  function answered(inner: string): void {
    const complete = cloud.proxy.standIns.get("DescribeAutoScalingGroups");
    cloud.proxy.standIns.set("DescribeAutoScalingGroups", async (call, forward) => {
      const answer = complete ? await complete(call, forward) : await forward();
      return {
        ...answer,
        body: answer.body.replaceAll("<AutoScalingGroupName>", `${inner}<AutoScalingGroupName>`),
      };
    });
  }

  test.each([
    ["prevent-all-deletion", [["delete"], ["delete", "--force"], ["delete", "--dry-run"]]],
    ["prevent-force-deletion", [["delete", "--force"]]],
  ])("protected by %s", async (protection, refusing) => {
    const file = await fleet();
    await cloud.ok("group", "apply", file);
    answered(`<DeletionProtection>${protection}</DeletionProtection>`);
    await refused(
      file,
      new RegExp(`its deletion protection is ${protection}[^]*--deletion-protection none`),
      refusing,
    );
    expect((await theGroup())?.Instances).toHaveLength(2);
  });

  test("an instance protected from scaling in would be waited for without end", async () => {
    const file = await fleet();
    await cloud.ok("group", "apply", file);
    const [instance] = (await theGroup())?.Instances ?? [];
    await cloud.autoscaling.send(
      new SetInstanceProtectionCommand({
        AutoScalingGroupName: name,
        InstanceIds: [instance?.InstanceId ?? ""],
        ProtectedFromScaleIn: true,
      }),
    );
    await refused(file, new RegExp(`protected from scaling in: ${instance?.InstanceId}`), [["delete"]]);
    expect(await told(cloud, "group", "delete", file, "--force")).toMatchObject({ code: 0 });
  });

  test("a suspended process would never end them", async () => {
    const file = await fleet();
    await cloud.ok("group", "apply", file);
    await cloud.autoscaling.send(
      new SuspendProcessesCommand({ AutoScalingGroupName: name, ScalingProcesses: ["Terminate"] }),
    );
    await refused(file, /its process Terminate is suspended/, [["delete"]]);
  });
});
