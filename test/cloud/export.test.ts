import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  CreateLaunchTemplateVersionCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  type RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { fleet, name, refused, theGroup, verbs } from "../support/cloud/group-owners.js";
import { cloud, useCloud } from "../support/cloud/use-cloud.js";
import { PlayedHosts } from "../support/cloud/played-hosts.js";
import { createStack, tagInstances } from "../support/cloud/stack.js";
import { printedCalls, told } from "../support/cloud/told.js";

useCloud();

test("a stack made of the template is looked at and rolled; apply and delete leave it to CloudFormation", async () => {
  const file = await ofStack({ iam_instance_profile: undefined });
  await makeStack(file);

  const groups = new DescribeSecurityGroupsCommand({ GroupNames: ["sip-proxy-eu-west"] });
  const { SecurityGroups = [] } = await cloud.ec2.send(groups);
  expect(SecurityGroups[0]?.IpPermissions).toHaveLength(5);
  expect(await versions()).toEqual(["1", "1"]);

  await refused(file, /needs launch.ec2.iam_instance_profile[^]*is changed with the stack/, [
    ["plan"],
    ["apply"],
  ]);
  await refused(
    await ofStack({ create_security_group: false }, "named"),
    /group eu-west-proxies is managed by cloudformation and was not changed[^]*sip-proxy export FLEET/,
    verbs.filter(([verb]) => !verb.startsWith("roll")),
  );
  expect((await told(cloud, "launch", file, "sipproxy0", "--target", "ec2", "--no-wait")).changes).toEqual(
    [],
  );
  expect(await imagesOf(file)).toEqual([bases.old.ami_id, bases.old.ami_id]);

  await secondVersion();
  const roll = await told(cloud, "group", "roll", file, "--dry-run");
  const calls = ["autoscaling:CreateOrUpdateTags", "autoscaling:StartInstanceRefresh"];
  expect([roll.code, printedCalls(roll.stdout)]).toEqual([0, calls]);
  expect(await told(cloud, "group", "roll", file)).toMatchObject({ code: 0, changes: calls });
  expect(await imagesOf(file)).toEqual([bases.newest.ami_id, bases.newest.ami_id]);
  expect(await told(cloud, "group", "roll", file)).toMatchObject({ code: 0, changes: [] });

  const back = await told(cloud, "group", "rollback", file);
  expect(back).toMatchObject({
    code: 0,
    changes: ["autoscaling:StartInstanceRefresh", "autoscaling:DeleteTags"],
  });
  expect(await imagesOf(file)).toEqual([bases.old.ami_id, bases.old.ami_id]);
});

test("the hosts of a stack's group are in the records for DNS", async () => {
  const file = await ofStack({ iam_instance_profile: undefined });
  await makeStack(file);
  const members = (await theGroup())?.Instances?.map(({ InstanceId = "" }) => InstanceId).sort() ?? [];
  expect(members).toHaveLength(2);
  const records = await cloud.ok("dns", file, "--target", "ec2", "--domain", "sip.example.com");
  const { Reservations = [] } = await cloud.ec2.send(new DescribeInstancesCommand({ InstanceIds: members }));
  const addresses = Reservations.flatMap(({ Instances = [] }) =>
    Instances.map(({ PublicIpAddress = "" }) => PublicIpAddress),
  );
  expect([...records.stdout.matchAll(/IN A +(\S+)/g)].map(([, address]) => address).sort()).toEqual(
    addresses.sort(),
  );
});

test("the hosts of a stack's group are drained, together and one alone, and take calls again", async () => {
  const hosts = new PlayedHosts(cloud);
  try {
    const file = await ofStack({ iam_instance_profile: undefined });
    await tagInstances(cloud, await makeStack(file));
    const ids = (await hosts.instances()).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    const draining = () => ids.filter((id) => existsSync(join(hosts.folderOf(id), "lib/sip-proxy/draining")));
    const on = (verb: string, name: string) => cloud.ok(verb, file, name, "--target", "ec2");

    expect((await on("drain", "proxies")).stderr).toMatch(/proxies: all calls have ended/);
    expect(draining()).toEqual(ids);
    await on("undrain", "proxies");
    expect(draining()).toEqual([]);
    await on("drain", ids[1] ?? "");
    expect(draining()).toEqual(ids.slice(1));
  } finally {
    hosts.stop();
  }
});

const imagesOf = async (file: string) =>
  (await cloud.json<{ instances: { image: string }[] }>("group", "status", file)).instances.map(
    ({ image }) => image,
  );

/** Creates a complete template version, like an update of the stack. */
async function secondVersion(): Promise<void> {
  const first = { LaunchTemplateName: name, Versions: ["1"] };
  const { LaunchTemplateVersions = [] } = await cloud.ec2.send(
    new DescribeLaunchTemplateVersionsCommand(first),
  );
  const data = LaunchTemplateVersions[0]?.LaunchTemplateData as RequestLaunchTemplateData;
  const LaunchTemplateData = { ...data, ImageId: bases.newest.ami_id };
  await cloud.ec2.send(
    new CreateLaunchTemplateVersionCommand({ LaunchTemplateName: name, LaunchTemplateData }),
  );
}

async function makeStack(file: string): Promise<string> {
  await cloud.ssm.send(
    new PutParameterCommand({ Name: "/sip-proxy/eu-west/ami", Type: "String", Value: bases.old.ami_id }),
  );
  const exported = await told(cloud, "export", file, "--format", "cloudformation");
  expect(exported).toMatchObject({ code: 0, changes: [] });
  const { Vpcs = [] } = await cloud.ec2.send(new DescribeVpcsCommand({}));
  await createStack(cloud.moto.url, exported.stdout, { VpcId: Vpcs[0]?.VpcId ?? "" });
  return exported.stdout;
}

const ofStack = (ec2: object, as = "fleet") =>
  fleet(
    {
      ec2: { ami: undefined, create_security_group: true, ...ec2 },
      database: { dbhost: "database.example.com", dbpass_kam: "${ssm:/kam}" },
    },
    as,
  );

const versions = async () =>
  (await theGroup())?.Instances?.map(({ LaunchTemplate }) => LaunchTemplate?.Version);
