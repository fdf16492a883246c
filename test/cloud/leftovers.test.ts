import {
  CreateKeyPairCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
  DescribeSecurityGroupsCommand,
  RunInstancesCommand,
  type ResourceType,
} from "@aws-sdk/client-ec2";
import { expect, test, vi } from "vitest";
import { Aws } from "../../src/targets/ec2/do/aws.js";
import { completeBuilder } from "../../src/targets/ec2/do/builder.js";
import { bases } from "../support/cloud/cloud.js";
import { nextContents } from "../support/cloud/contents.js";
import { told } from "../support/cloud/told.js";
import { cloud, useCloud } from "../support/cloud/use-cloud.js";

useCloud();

const mark: [string, string][] = [
  ["sip-proxy:fleet", "test"],
  ["sip-proxy:key", "0123456789abcdef"],
];
const tagged = (ResourceType: ResourceType, tags: [string, string][]) =>
  tags.length === 0
    ? {}
    : { TagSpecifications: [{ ResourceType, Tags: tags.map(([Key, Value]) => ({ Key, Value })) }] };

/** Packer's unique names include a time: this one is so many hours old. */
const uuid = (hours: number) =>
  `${(Math.floor(Date.now() / 1000) - hours * 3600).toString(16)}-bab4-97be-8c24-5668b367b438`;

async function builder(tags: [string, string][], more: object = {}) {
  const { Instances = [] } = await cloud.ec2.send(
    new RunInstancesCommand({
      ImageId: bases.newest.ami_id,
      MinCount: 1,
      MaxCount: 1,
      ...tagged("instance", tags),
      ...more,
    }),
  );
  return Instances[0]?.InstanceId ?? "";
}

/** Creates a key pair; returns its name. */
async function keyPair(KeyName: string, tags: [string, string][] = []) {
  await cloud.ec2.send(new CreateKeyPairCommand({ KeyName, ...tagged("key-pair", tags) }));
  return KeyName;
}

async function packersGroup(GroupName: string, tags: [string, string][] = []) {
  const input = { GroupName, Description: "Temporary group for Packer", ...tagged("security-group", tags) };
  return (await cloud.ec2.send(new CreateSecurityGroupCommand(input))).GroupId ?? "";
}

const isBuilder: [string, string] = ["Name", "sip-proxy-test-builder"];

test("a builder that a killed bake has left is named by image list and by the next bake; others' are not", async () => {
  const file = await cloud.fleet();
  const key = await keyPair(`sip-proxy-test-builder-${uuid(2)}`);
  const group = await packersGroup(`packer_${uuid(2)}`);
  const left = await builder([...mark, isBuilder], { KeyName: key, SecurityGroupIds: [group] });
  const host = await builder([
    ["sip-proxy:fleet", "test"],
    ["sip-proxy:host", "sipproxy0"],
  ]);
  await nextContents(cloud.env, {});
  for (const command of [
    ["image", "list", file],
    ["bake", file, "--target", "ec2"],
  ]) {
    const { stderr } = await cloud.ok(...command);
    expect(stderr).toContain(`builder ${left} in eu-west-1 has been running`);
    // the key pair and group are not named: they may belong to a running bake, like the builder
    for (const id of [host, key, group]) expect(stderr).not.toContain(id);
  }
  // the builder is young, so it may belong to a running bake
  const kept = await told(cloud, "image", "clean", file);
  expect(kept).toMatchObject({ code: 0, changes: [] });
  expect(kept.stderr).toContain(`key pair ${key} is kept: in use by ${left}`);
  expect(kept.stderr).toContain(`security group ${group} is kept: in use by ${left}`);
  const dry = await told(cloud, "image", "clean", file, "--all", "--dry-run", "--json");
  const calls = [
    { action: "ec2:TerminateInstances", input: { InstanceIds: [left] } },
    { action: "ec2:DeleteKeyPair", input: { KeyName: key } },
    { action: "ec2:DeleteSecurityGroup", input: { GroupId: group } },
  ];
  expect([dry.changes, JSON.parse(dry.stdout)]).toMatchObject([[], { calls }]);
  // the security group can be deleted once the builder has ended
  expect((await told(cloud, "image", "clean", file, "--all")).changes).toEqual(
    calls.map(({ action }) => action),
  );
  expect((await told(cloud, "image", "clean", file, "--all")).changes).toEqual([]);
});

test("key pairs, security groups and volumes of killed bakes are named and removed; what may be others' stays", async () => {
  const file = await cloud.fleet();
  const volume = async (client = cloud.ec2, tags = mark, zone = "eu-west-1a") =>
    (
      await client.send(
        new CreateVolumeCommand({ AvailabilityZone: zone, Size: 8, ...tagged("volume", tags) }),
      )
    ).VolumeId ?? "";
  const gone = [
    await keyPair(`sip-proxy-test-builder-${uuid(2)}`),
    await keyPair(`packer_${uuid(3)}`, mark),
    await packersGroup(`packer_${uuid(2)}`, mark),
  ];
  const young = [
    await keyPair(`sip-proxy-test-builder-${uuid(1)}`),
    await packersGroup(`packer_${uuid(1)}`, mark),
  ];
  const fresh = [await volume(), await volume(cloud.ec2In("us-east-1"), mark, "us-east-1a")];
  const foreign: [string, string][] = [["sip-proxy:fleet", "other"]];
  const stays = [
    await keyPair(`packer_${uuid(4)}`),
    await keyPair(`sip-proxy-test-builder-${uuid(5)}`, foreign),
    await keyPair(`sip-proxy-test-builder-builder-${uuid(5)}`),
    await keyPair("sip-proxy-test-builder-mine"),
    await packersGroup(`packer_${uuid(4)}`),
    await packersGroup(`packer_${uuid(5)}`, foreign),
    await packersGroup("packer_mine", mark),
    await volume(cloud.ec2, [["sip-proxy:fleet", "test"]]),
  ];
  const { stderr } = await cloud.ok("image", "list", file, "--target", "ec2");
  for (const id of gone)
    expect(stderr).toMatch(
      new RegExp(`${id} in eu-west-1, created .* was left behind by an interrupted bake`),
    );
  for (const id of [...young, ...fresh, ...stays]) expect(stderr).not.toContain(id);

  type Cleaned = Record<"terminated" | "deleted" | "kept" | "passedOver", string[]>;
  const cleaned = await cloud.json<Cleaned>("image", "clean", file);
  expect({ ...cleaned, kept: cleaned.kept.sort() }).toEqual({
    terminated: [],
    deleted: gone,
    kept: [...young, fresh[0]].sort(),
    passedOver: [],
  });
  const inUse = { code: "DependencyViolation", message: "resource has a dependent object" };
  cloud.proxy.trouble("DeleteSecurityGroup", inUse);
  const all = await cloud.json<Cleaned>("image", "clean", file, "--all", "--region", "us-east-1");
  expect(all.deleted.sort()).toEqual([young[0], ...fresh].sort());
  expect(all.passedOver).toEqual([expect.stringMatching(`${young[1]}: .*DependencyViolation`)]);
  expect((await cloud.json<Cleaned>("image", "clean", file, "--all")).deleted).toEqual([young[1]]);
  expect(await cloud.json<Cleaned>("image", "clean", file, "--all")).toMatchObject({ deleted: [], kept: [] });
});

test("whoever may not look for what killed bakes have left can bake and list all the same", async () => {
  const file = await cloud.fleet();
  cloud.proxy.trouble("DescribeKeyPairs", { code: "UnauthorizedOperation", message: "no" }, { times: 2 });
  const { code, stderr } = await told(cloud, "image", "list", file, "--target", "ec2");
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/cannot check for .* in eu-west-1: .*DescribeKeyPairs/),
  ]);
});

test("a builder of Packer 1.6 and its security group get what that Packer cannot say", async () => {
  const group = await packersGroup(`packer_${uuid(0)}`);
  const id = await builder([...mark, isBuilder], { SecurityGroupIds: [group] });
  cloud.proxy.standIns.set("ModifyInstanceMetadataOptions", () => ({
    body: "<ModifyInstanceMetadataOptionsResponse/>",
  }));
  for (const [name, value] of Object.entries(cloud.env)) vi.stubEnv(name, value);
  await completeBuilder(await Aws.open("eu-west-1", () => undefined), "test", "0123456789abcdef");
  vi.unstubAllEnvs();
  expect(cloud.proxy.calls("ModifyInstanceMetadataOptions")[0]?.params["InstanceId"]).toBe(id);
  const { SecurityGroups = [] } = await cloud.ec2.send(
    new DescribeSecurityGroupsCommand({ GroupIds: [group] }),
  );
  expect(SecurityGroups[0]?.Tags).toEqual(
    expect.arrayContaining(mark.map(([Key, Value]) => ({ Key, Value }))) as unknown,
  );
});
