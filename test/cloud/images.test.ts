import { readFileSync } from "node:fs";
import { DescribeImageAttributeCommand, DescribeImagesCommand } from "@aws-sdk/client-ec2";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { nextContents } from "../support/cloud/contents.js";
import { printedCalls, told } from "../support/cloud/told.js";
import { cloud, gaps, useCloud } from "../support/cloud/use-cloud.js";

useCloud();

const ec2 = { region: "eu-west-1", deprecate_after_days: 30, tags: { team: "voice" } };
const fleet = (parts: object = {}) =>
  cloud.fleet({ image: { media_relay: "rtpengine", targets: { ec2: { ...ec2, ...parts } } } });

/** Bakes with Packer's amazon-ebs. moto's builders run nothing, so the image's contents are given. */
async function bake(file: string, contents: Parameters<typeof nextContents>[1] = {}, ...more: string[]) {
  await nextContents(cloud.env, contents);
  const { stdout } = await cloud.ok("bake", file, "--target", "ec2", ...more);
  return stdout.trim();
}

async function image(id: string) {
  const { Images = [] } = await cloud.ec2.send(new DescribeImagesCommand({ Owners: ["self"] }));
  return Images.find(({ ImageId }) => ImageId === id);
}

const promoted = async () =>
  (await cloud.ssm.send(new GetParameterCommand({ Name: "/sip-proxy/test/ami" }))).Parameter?.Value;

test("an image's life: bake, list, promote, diff, and what prune keeps; each twice, each dry first", async () => {
  const file = await fleet();
  const dry = await told(cloud, "bake", file, "--target", "ec2", "--dry-run");
  expect([dry.code, dry.changes, dry.stdout]).toEqual([
    0,
    [],
    expect.stringContaining(`packer build -color=false -timestamp-ui -only=amazon-ebs.ec2`) as string,
  ]);
  expect(dry.stdout).toContain(`source_ami=${bases.newest.ami_id}`);

  const old = await bake(file);
  expect((await image(old))?.Tags).toEqual(
    expect.arrayContaining([
      { Key: "sip-proxy:fleet", Value: "test" },
      { Key: "sip-proxy:kamailio", Value: "6.0.1" },
      { Key: "sip-proxy:sbom", Value: `sha256:${"b".repeat(64)}` },
      { Key: "sip-proxy:base", Value: `${bases.newest.name} (${bases.newest.ami_id})` },
      { Key: "team", Value: "voice" },
    ]) as unknown,
  );
  expect([...gaps.deprecations.keys()]).toEqual([old]);
  const imds = cloud.proxy.calls("ModifyImageAttribute").map(({ params }) => params["ImdsSupport.Value"]);
  expect(imds).toContain("v2.0");
  // a second bake creates nothing
  cloud.proxy.clear();
  expect(await bake(file)).toBe(old);
  expect(cloud.proxy.changes()).toEqual([]);

  const dryPromote = await told(cloud, "image", "promote", file, "--dry-run");
  expect([dryPromote.changes, printedCalls(dryPromote.stdout)]).toEqual([[], ["ssm:PutParameter"]]);
  expect((await told(cloud, "image", "promote", file)).changes).toEqual(["ssm:PutParameter"]);
  expect((await told(cloud, "image", "promote", file)).changes).toEqual([]);
  expect(await promoted()).toBe(old);

  const packages = { kamailio: "6.0.2-1", libssl3t64: "3.5.1-1", lua5: "5.4" };
  const base = { base: "debian-12", media_relay: "rtpengine", targets: { ec2 } };
  const bookworm = await cloud.fleet({ image: base }, "bookworm");
  const next = await bake(bookworm, { kamailio: "6.0.2", usedKiB: 500_000, packages });
  expect(next).not.toBe(old);
  const listed = await cloud.json<{ id: string; notes: string }[]>("image", "list", file, "--target", "ec2");
  expect(listed.map(({ id }) => id).sort()).toEqual([old, next].sort());
  expect(listed.find(({ id }) => id === old)?.notes).toContain("promoted");
  const diff = await cloud.ok("image", "diff", file, old, next);
  for (const change of [/kamailio.*6\.0\.1/, /kamailio.*6\.0\.2/, /socat/, /lua5/, /KiB/])
    expect(diff.stdout).toMatch(change);

  // the promoted image stays, even if it is old
  const keep = ["image", "prune", file, "--target", "ec2", "--keep", "1"];
  expect((await told(cloud, ...keep)).stdout).toMatch(new RegExp(`keep +${old} .*promoted`));
  expect(await told(cloud, ...keep, "--delete")).toMatchObject({ code: 0, changes: [] });
  expect(await image(old)).toBeDefined();
  await cloud.ok("image", "promote", file, next);
  expect(await told(cloud, ...keep)).toMatchObject({ code: 0, changes: [] });
});

test("prune deletes an AMI that nothing needs with its snapshots, on request alone; dry, it prints the calls", async () => {
  const file = await fleet();
  const old = await bake(file, { packages: { kamailio: "6.0.1-1", openssl: "3.5.1-1" } });
  const snapshots = (await image(old))?.BlockDeviceMappings?.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
  expect(snapshots).not.toEqual([]);
  const packages = { kamailio: "6.0.1-1", openssl: "3.5.4-1" };
  const next = await bake(file, { packages }, "--force");
  // two bakes with the same key and other packages: each image has its own list, on this machine and without a manifest
  expect((await cloud.ok("image", "diff", file, old, next)).stdout).toMatch(/openssl.*3\.5\.1-1.*3\.5\.4-1/);
  await cloud.ok("image", "promote", file, next);
  const prune = ["image", "prune", file, "--target", "ec2", "--keep", "1"];

  const plan = await told(cloud, ...prune);
  expect([plan.code, plan.changes]).toEqual([0, []]);
  expect(plan.stdout).toMatch(new RegExp(`delete +${old} .*${snapshots?.[0]}`));
  expect(plan.stdout).toMatch(new RegExp(`keep +${next} `));
  const calls = [
    "ec2:DeregisterImage",
    ...(snapshots ?? []).map(() => "ec2:DeleteSnapshot"),
    "ssm:DeleteParameter",
  ];
  const dry = await told(cloud, ...prune, "--delete", "--dry-run");
  expect([dry.code, dry.changes, printedCalls(dry.stdout)]).toEqual([0, [], calls]);
  expect(await image(old)).toBeDefined();

  expect((await told(cloud, ...prune, "--delete")).changes).toEqual(calls);
  expect(await image(old)).toBeUndefined();
  expect(await image(next)).toBeDefined();
  expect((await told(cloud, ...prune, "--delete")).changes).toEqual([]);
});

test("what an instance or a group's template needs is not pruned", async () => {
  const file = await fleet();
  const first = await bake(file);
  const second = await bake(file, {}, "--force");
  const subnets = (await cloud.subnets()).map(({ id }) => id);
  const parts = {
    image: { media_relay: "rtpengine", targets: { ec2 } },
    group: { name: "proxies", subnets, min: 1 },
  };
  const launch = {
    ec2: {
      instance_type: "t3.medium",
      ami: first,
      iam_instance_profile: "host",
      subnets,
      create_security_group: true,
    },
  };
  await cloud.ok("group", "apply", await cloud.fleet({ ...parts, launch }));
  const { stdout } = await told(cloud, "image", "prune", file, "--target", "ec2", "--keep", "1", "--delete");
  expect(stdout).toMatch(new RegExp(`keep +${first}  .*(instance|template|group)`));
  expect(await image(first)).toBeDefined();
  expect(await image(second)).toBeDefined();
});

test("copies to regions, and shares with accounts and organisations", async () => {
  const organisation = "arn:aws:organizations::111122223333:organization/o-abcdefghij";
  const file = await fleet({
    ami_regions: ["us-east-1"],
    ami_users: ["444455556666"],
    ami_org_arns: [organisation],
    encrypt_boot: false,
  });
  await nextContents(cloud.env);
  const argv = ["bake", file, "--target", "ec2"];
  cloud.proxy.clear();
  const { amis } = await cloud.json<{ amis: Record<string, string> }>(...argv);
  expect(Object.keys(amis).sort()).toEqual(["eu-west-1", "us-east-1"]);

  const there = cloud.ec2In("us-east-1");
  for (const [client, id] of [
    [cloud.ec2, amis["eu-west-1"]],
    [there, amis["us-east-1"]],
  ] as const) {
    const { Images = [] } = await client.send(new DescribeImagesCommand({ ImageIds: [id ?? ""] }));
    expect(Images[0]?.Tags).toContainEqual({ Key: "sip-proxy:kamailio", Value: "6.0.1" });
    const { LaunchPermissions } = await client.send(
      new DescribeImageAttributeCommand({ ImageId: id, Attribute: "launchPermission" }),
    );
    expect(LaunchPermissions).toContainEqual({ UserId: "444455556666" });
    const shared = cloud.proxy
      .calls("ModifyImageAttribute")
      .filter(({ params }) => params["ImageId"] === id)
      .map(({ params }) => params["OrganizationArn.1"]);
    expect(shared).toContain(organisation);
  }
  expect(await cloud.json(...argv)).toMatchObject({ amis, reused: true });
});

test("a bake whose last call fails is named, and the same command finishes it", async () => {
  const file = await fleet();
  await nextContents(cloud.env);
  const argv = ["bake", file, "--target", "ec2"];
  cloud.proxy.trouble("EnableImageDeprecation", "throttled", { times: 4 });
  const failed = await told(cloud, ...argv);
  expect([failed.code, failed.stderr]).toEqual([
    1,
    expect.stringMatching(
      /EnableImageDeprecation: RequestLimitExceeded[^]*baked, but incomplete: ami-\w+ \(eu-west-1\)/,
    ),
  ]);
  expect(await told(cloud, "image", "promote", file)).toMatchObject({ code: 1, changes: [] });
  const again = await told(cloud, ...argv);
  expect([again.code, again.changes.includes("ec2:CreateImage")]).toEqual([0, false]);
  expect(failed.stderr).toContain(again.stdout.trim());
  expect((await told(cloud, "image", "promote", file)).code).toBe(0);
});

test("a bake that fails names the log, where it is, and no step as done that was not", async () => {
  const file = await fleet();
  await nextContents(cloud.env);
  cloud.proxy.trouble("CreateImage", { code: "InternalTrouble" }, { times: 9 });
  const { code, stderr } = await told(cloud, "bake", file, "--target", "ec2");
  expect([code, stderr]).toEqual([1, expect.stringMatching(/InternalTrouble/)]);
  const [, log = ""] = /hint: see the log: (\S+)/.exec(stderr) ?? [];
  expect(readFileSync(log, "utf8")).toContain("InternalTrouble");
  expect(stderr.match(/✖/g)).toHaveLength(1);
  expect(stderr).not.toMatch(/✔ (?!base AMI)/);
});
