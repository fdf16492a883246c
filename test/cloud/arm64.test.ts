import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
} from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { nextContents } from "../support/cloud/contents.js";
import { makeProfile } from "../support/cloud/instance-profile.js";
import { told } from "../support/cloud/told.js";
import { cloud, useCloud } from "../support/cloud/use-cloud.js";

// Images of one fleet for both architectures, and hosts that move from one architecture to the other.

useCloud();

const types = { amd64: "m5.large", arm64: "m6g.large" } as const;
type Architecture = keyof typeof types;

const ec2 = { region: "eu-west-1" };
async function fleet(architecture: Architecture, parts: Record<string, unknown> = {}, image: object = {}) {
  const subnets = (await cloud.subnets()).map(({ id }) => id);
  const launch = { ec2: { instance_type: types[architecture], subnets, iam_instance_profile: "host" } };
  const made = { architecture, media_relay: "rtpengine", targets: { ec2 }, ...image };
  return cloud.fleet({ image: made, launch, ...parts }, architecture);
}

async function bake(architecture: Architecture, file: string, ...more: string[]): Promise<string> {
  await nextContents(cloud.env, { architecture });
  return (await cloud.ok("bake", file, "--target", "ec2", ...more)).stdout.trim();
}

async function image(id: string) {
  const { Images = [] } = await cloud.ec2.send(new DescribeImagesCommand({ ImageIds: [id] }));
  return Images[0];
}

const refused = async (words: RegExp, ...argv: string[]) =>
  expect(await told(cloud, ...argv)).toMatchObject({
    code: 1,
    changes: [],
    stderr: expect.stringMatching(words) as string,
  });

test("both are baked, listed, promoted and kept; each launch takes its own", async () => {
  const [intel, arm] = [await fleet("amd64"), await fleet("arm64")];
  const dry = await told(cloud, "bake", arm, "--target", "ec2", "--dry-run");
  expect(dry.stdout).toContain(`source_ami=${bases.arm64.ami_id}`);
  const made = { amd64: await bake("amd64", intel), arm64: await bake("arm64", arm) };
  expect(await image(made.arm64)).toMatchObject({
    Architecture: "arm64",
    Name: expect.stringMatching(/^sip-proxy-test-arm64-\d{8}-/) as string,
  });
  expect((await image(made.amd64))?.Name).toMatch(/^sip-proxy-test-\d{8}-/);
  // a second bake creates nothing
  expect(await bake("arm64", arm)).toBe(made.arm64);

  await refused(
    /no image of test is promoted in eu-west-1 \(\/sip-proxy\/test\/ami-arm64\)/,
    ...["launch", arm, "sipproxy0", "--target", "ec2"],
  );
  await refused(
    new RegExp(`${made.amd64} is for amd64, but image.architecture is arm64`),
    ...["image", "promote", arm, made.amd64],
  );
  for (const file of [intel, arm]) await cloud.ok("image", "promote", file);
  await makeProfile(cloud, "host");
  const listed = await cloud.json<{ id: string; architecture: string; notes: string }[]>(
    ...["image", "list", arm, "--target", "ec2"],
  );
  const brief = listed.map(({ id, architecture, notes }) => [id, architecture, notes]);
  expect(brief.sort()).toEqual(
    [
      [made.amd64, "amd64", "promoted"],
      [made.arm64, "arm64", "promoted"],
    ].sort(),
  );
  const diff = await cloud.ok("image", "diff", arm, made.amd64, made.arm64);
  expect(diff.stdout).toContain("~ architecture: amd64 -> arm64");
  const prune = await told(cloud, "image", "prune", arm, "--target", "ec2", "--keep", "1", "--delete");
  expect(prune.changes).toEqual([]);
  expect(prune.stdout).toContain("promoted (/sip-proxy/test/ami-arm64)");
  expect(prune.stdout).toContain("promoted (/sip-proxy/test/ami)");

  await cloud.ok("launch", arm, "sipproxy0", "--target", "ec2", "--no-wait");
  const { Reservations = [] } = await cloud.ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: "tag:sip-proxy:host", Values: ["sipproxy0"] }] }),
  );
  expect(Reservations[0]?.Instances?.[0]).toMatchObject({
    ImageId: made.arm64,
    InstanceType: "m6g.large",
  });
});

test("a group moves to the other architecture by its template, and the exported stack takes that parameter", async () => {
  const subnets = (await cloud.subnets()).map(({ id }) => id);
  const group = { group: { name: "proxies", subnets, min: 1 } };
  const database = { database: { dbhost: "db.example.com", dbpass_kam: "${ssm:/kam}" } };
  const made: Partial<Record<Architecture, string>> = {};
  for (const architecture of ["amd64", "arm64"] as const) {
    const file = await fleet(architecture, { ...group, ...database });
    made[architecture] = await bake(architecture, file);
    await cloud.ok("image", "promote", file);
    await cloud.ok("group", "apply", file);
  }
  const { LaunchTemplateVersions = [] } = await cloud.ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: "test-proxies" }),
  );
  const versions = LaunchTemplateVersions.sort((a, b) => (a.VersionNumber ?? 0) - (b.VersionNumber ?? 0));
  expect(versions.map(({ LaunchTemplateData: data }) => [data?.ImageId, data?.InstanceType])).toEqual([
    [made.amd64, "m5.large"],
    [made.arm64, "m6g.large"],
  ]);
  const arm = await fleet("arm64", { ...group, ...database });
  const { stdout } = await cloud.ok("export", arm, "--format", "cloudformation");
  expect(JSON.parse(stdout)).toMatchObject({ Parameters: { Ami: { Default: "/sip-proxy/test/ami-arm64" } } });
});

test("a base for other processors is refused: by the bake before it makes anything, and by validate with its place", async () => {
  const base = bases.newest.ami_id;
  const file = await fleet("arm64", {}, { base });
  const words = new RegExp(`the base ${base} is for amd64, but image.architecture is arm64`);
  await refused(words, "bake", file, "--target", "ec2");
  await refused(
    new RegExp(`error\\[\\$\\.image\\.base\\][^]*${words.source}[^]*set image.architecture: amd64`),
    ...["validate", file, "--target", "ec2"],
  );
  const none = await fleet("arm64", {}, { base: "debian-12" });
  await refused(
    /136693071363 has no AMI with the name debian-12-arm64-\*/,
    "validate",
    none,
    "--target",
    "ec2",
  );
  const right = await fleet("arm64", {}, { base: bases.arm64.ami_id });
  const { stderr } = await told(cloud, "validate", right, "--target", "ec2");
  expect(stderr).not.toMatch(/error\[/);
});

test("packages of one architecture are not locked for the other, and this machine bakes and launches none of arm64", async () => {
  const [intel, arm] = [await fleet("amd64"), await fleet("arm64")];
  await bake("amd64", intel);
  const { stdout } = await cloud.ok("bake", intel, "--target", "ec2", "--json");
  const { folder } = JSON.parse(stdout) as { folder: string };
  await refused(
    /its packages are for amd64, and image.architecture is arm64/,
    ...["bake", arm, "--target", "ec2", "--locked", `${folder}/image.lock`],
  );
  await refused(
    /this machine has no lock file of an image of the fleet test for arm64/,
    "image",
    "outdated",
    arm,
  );
  const withBridge = await fleet("arm64", { launch: { local: { bridge: "br-sip" } } });
  const local = /image.architecture is arm64: local images and hosts are amd64/;
  await refused(local, "bake", arm, "--target", "local");
  await refused(local, "bake", arm, "--target", "local", "--dry-run");
  await refused(local, "launch", withBridge, "sipproxy0", "--target", "local", "--image", "any.qcow2");
});
