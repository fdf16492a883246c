import {
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeImageAttributeCommand,
  DescribeSnapshotsCommand,
  ModifyImageAttributeCommand,
} from "@aws-sdk/client-ec2";
import { DescribeParametersCommand } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Cloud } from "../support/cloud/cloud.js";
import { promoteTo, users } from "../support/cloud/ami-users.js";
import { errorAnswer } from "../support/cloud/fault-proxy.js";
import { bakeMark, makeAmi } from "../support/cloud/fleet-ami.js";
import { ImageStates } from "../support/cloud/image-states.js";
import { playImages } from "../support/cloud/many.js";
import { told, type Done } from "../support/cloud/told.js";

let cloud: Cloud;
let file: string;
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(async () => {
  await cloud.reset();
  file = await cloud.fleet();
});
afterAll(() => cloud?.stop());

const prune = (...options: string[]): Promise<Done> =>
  told(cloud, "image", "prune", file, "--target", "ec2", "--keep", "1", ...options);

/** An AMI that was baked in this second of a minute. For AMIs of the same second, the end of the bake decides which one is newer. */
const ami = (second: number) =>
  makeAmi(cloud, { ...bakeMark(), "sip-proxy:baked": `2026-11-01T00:00:0${second}.000Z` });

test("the promoted AMI and the one before stay, after more promotions than a page of history holds", async () => {
  const [old, before, promoted, newest] = [await ami(1), await ami(2), await ami(3), await ami(4)];
  for (let times = 0; times < 58; times++) await promoteTo(cloud, old.id);
  await promoteTo(cloud, before.id);
  await promoteTo(cloud, promoted.id);
  const { stdout, changes, code } = await prune("--delete");
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`keep +${promoted.id} .*promoted \\(`));
  expect(stdout).toMatch(new RegExp(`keep +${before.id} .*promoted before`));
  expect(stdout).toMatch(new RegExp(`keep +${newest.id} `));
  expect(stdout).toMatch(new RegExp(`delete +${old.id} `));
  expect(changes).toEqual(["ec2:DeregisterImage", "ec2:DeleteSnapshot", "ssm:DeleteParameter"]);
});

test("only what bakes of the fleet have made is deleted, and nothing else takes a place among the newest", async () => {
  const [old, newest] = [await ami(1), await ami(2)];
  const { "sip-proxy:key": key = "", ...fleetMark } = bakeMark();
  const foreign = [
    // AMIs of a launched host's instance, volume or backup: they inherit its tags
    await makeAmi(cloud, { ...fleetMark, "sip-proxy:host": "sipproxy0" }),
    await makeAmi(cloud, fleetMark),
    await makeAmi(cloud, { ...bakeMark(), "aws:backup:source-resource": "i-1" }),
    await makeAmi(cloud, { ...bakeMark(), "aws:cloudformation:stack-name": "voice" }),
    // of another fleet, and without the fleet's tag
    await makeAmi(cloud, { "sip-proxy:fleet": "test-2", "sip-proxy:key": key }),
    await makeAmi(cloud, {}),
  ];
  const { stdout, stderr } = await prune("--delete");
  expect([stdout.match(/delete +ami-\w+/g), stderr]).toEqual([
    [`delete  ${old.id}`],
    expect.stringContaining("deleted: 1") as string,
  ]);
  expect(await cloud.amiIds()).toEqual(expect.arrayContaining([newest.id, ...foreign.map(({ id }) => id)]));
  expect(stdout).toMatch(new RegExp(`keep +${foreign[0]?.id} .*not made by bake-image`));
  expect(stdout).toMatch(new RegExp(`keep +${foreign[3]?.id} .*managed by the CloudFormation stack voice`));
});

test("snapshots go when an AMI of the fleet made them; backups of volumes stay", async () => {
  const snapshot = async (Description: string, tags: Record<string, string>) => {
    const { VolumeId } = await cloud.ec2.send(
      new CreateVolumeCommand({ AvailabilityZone: "eu-west-1a", Size: 8 }),
    );
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const TagSpecifications = [{ ResourceType: "snapshot" as const, Tags }];
    const made = await cloud.ec2.send(
      new CreateSnapshotCommand({ VolumeId, Description, TagSpecifications }),
    );
    return made.SnapshotId ?? "";
  };
  const newest = await ami(1);
  const left = [
    await snapshot("Created by CreateImage(i-0a) for ami-0123456789abcdef0", bakeMark()),
    await snapshot("Copied for DestinationAmi ami-0123456789abcdef1 from SourceAmi ami-2", bakeMark()),
  ];
  const stay = [
    await snapshot("nightly backup", { "sip-proxy:fleet": "test", "sip-proxy:host": "sipproxy0" }),
    await snapshot("nightly backup of a builder", bakeMark()),
    await snapshot(`Created by CreateImage(i-0a) for ${newest.id}`, bakeMark()),
    await snapshot(`Created by CreateImage(i-0a) for ${(await makeAmi(cloud, {})).id}`, bakeMark()),
    await snapshot("Created by CreateImage(i-0a) for ami-0123456789abcdef0", bakeMark("eu")),
  ];
  const { changes } = await prune("--delete");
  expect(changes).toEqual(["ec2:DeleteSnapshot", "ec2:DeleteSnapshot"]);
  const { Snapshots = [] } = await cloud.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ["self"] }));
  const there = Snapshots.map(({ SnapshotId }) => SnapshotId);
  expect(there).toEqual(expect.arrayContaining(stay));
  expect(there.filter((id = "") => left.includes(id))).toEqual([]);
});

test("what cannot be deleted is told and passed over", async () => {
  const states = new ImageStates(cloud);
  const [inUse, kept, disabled, refused, old] = [
    await ami(1),
    await ami(2),
    await ami(3),
    await ami(4),
    await ami(5),
  ];
  await ami(6);
  states.protected.add(kept.id);
  states.disabled.add(disabled.id);
  cloud.proxy.standIns.set("DeleteSnapshot", ({ params, service }, forward) =>
    params["SnapshotId"] === inUse.snapshot
      ? errorAnswer(service, "InvalidSnapshot.InUse", "it is in use by ami-1")
      : forward(),
  );
  cloud.proxy.standIns.set("DeregisterImage", ({ params, service }, forward) =>
    params["ImageId"] === refused.id
      ? errorAnswer(service, "OperationNotPermitted", "the image is protected")
      : forward(),
  );
  const { code, stdout, stderr } = await prune("--delete");
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`keep +${kept.id} .*protected from being deregistered \\(enabled\\)`));
  expect(stdout).toMatch(new RegExp(`keep +${disabled.id} .*disabled, but not by image prune`));
  expect(stderr).toMatch(new RegExp(`skipped: ${inUse.id}: .*InvalidSnapshot.InUse`));
  expect(stderr).toMatch(new RegExp(`skipped: ${refused.id}: .*OperationNotPermitted`));
  const there = await cloud.amiIds();
  expect(there).not.toContain(old.id);
  expect(there).not.toContain(inUse.id);
  expect(there).toEqual(expect.arrayContaining([kept.id, disabled.id, refused.id]));

  // an error that would occur for every AMI ends the command
  cloud.proxy.trouble("DescribeLaunchConfigurations", { code: "AccessDenied" });
  expect(await prune("--delete")).toMatchObject({ code: 1, changes: [] });
});

test.each(users)("%s keeps an AMI", async (_, why, use) => {
  const old = await ami(1);
  await ami(2);
  await use(cloud, old.id);
  const { stdout, changes } = await prune("--delete");
  expect(changes).toEqual([]);
  expect(stdout).toMatch(new RegExp(`keep +${old.id}  .*${why.source}`));
});

test("--disable before --delete: shared AMIs when asked for, and --enable gives the shares back", async () => {
  const states = new ImageStates(cloud);
  const [old, shared] = [await ami(1), await ami(2)];
  await ami(3);
  const LaunchPermission = { Add: [{ UserId: "444455556666" }, { UserId: "555566667777" }] };
  await cloud.ec2.send(new ModifyImageAttributeCommand({ ImageId: shared.id, LaunchPermission }));

  const dry = await prune("--disable", "--dry-run", "--json");
  expect([dry.changes, JSON.parse(dry.stdout)]).toMatchObject([
    [],
    { disabled: false, calls: [{ action: "ec2:CreateTags" }, { action: "ec2:DisableImage" }] },
  ]);
  expect((await prune("--disable")).changes).toEqual(["ec2:CreateTags", "ec2:DisableImage"]);
  const more = await prune("--disable", "--shared");
  expect(more.changes).toEqual(["ssm:PutParameter", "ec2:CreateTags", "ec2:DisableImage"]);
  expect([...states.disabled].sort()).toEqual([old.id, shared.id].sort());
  expect((await prune("--disable", "--shared")).changes).toEqual([]);

  expect(await prune("--enable")).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/enabled: 2/) as string,
  });
  expect([...states.disabled]).toEqual([]);
  expect(await sharesOf(shared.id)).toEqual(["444455556666", "555566667777"]);
  expect((await prune("--enable")).changes).toEqual([]);

  // delete keeps a shared AMI; a shared AMI that was disabled on purpose is deleted, with the record of its shares
  expect((await prune("--delete", "--dry-run")).stdout).toMatch(
    new RegExp(`keep +${shared.id} .*shared with 444455556666`),
  );
  await prune("--disable", "--shared");
  await prune("--delete");
  expect(await cloud.amiIds()).not.toContain(shared.id);
  const { Parameters } = await cloud.ssm.send(new DescribeParametersCommand({}));
  expect(Parameters).toEqual([]);
});

async function sharesOf(ImageId: string) {
  const { LaunchPermissions = [] } = await cloud.ec2.send(
    new DescribeImageAttributeCommand({ ImageId, Attribute: "launchPermission" }),
  );
  return LaunchPermissions.flatMap(({ UserId }) => UserId ?? []).sort();
}

test("1,500 AMIs are judged with a tenth of the calls that one for each takes", async () => {
  playImages(cloud, 1500);
  for (let index = 0; index < 60; index++) await promoteTo(cloud, "text", `/voice/setting/${index}`);
  const { stdout } = await prune();
  expect(stdout.match(/^ {2}delete /gm)).toHaveLength(1499);
  expect(cloud.proxy.requests.length).toBeLessThanOrEqual(151);
  // no call has more values than EC2 accepts
  for (const { params } of cloud.proxy.calls("DescribeInstances"))
    expect(Object.keys(params).filter((name) => /\.Value\.\d+$/.test(name)).length).toBeLessThanOrEqual(200);
});
