import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ModifyInstanceAttributeCommand } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { fleet, folderOf, instances, own, played, replaced, roll, useRolls } from "../support/cloud/rolls.js";
import { cloud, subnets } from "../support/cloud/use-cloud.js";

// Single instances, replaced one after the other.

useRolls();

test("hosts are drained and replaced one after the other, with their addresses; not twice; and back", async () => {
  const before = await instances();
  const [first, second] = before;
  mkdirSync(folderOf(second?.id ?? ""), { recursive: true });
  writeFileSync(join(folderOf(second?.id ?? ""), "calls"), "3");
  const file = await fleet("newest");
  const dry = await roll(file, "roll", "--dry-run");
  expect([dry.code, dry.changes, dry.stderr]).toEqual([
    0,
    [],
    expect.stringContaining("would drain and replace, one after the other: sipproxy0, sipproxy1"),
  ]);
  expect((await roll(file, "status")).code).toBe(1);

  const rolled = await roll(file);
  expect([rolled.code, rolled.changes]).toEqual([0, ["PutParameter", ...replaced, ...replaced]]);
  // each host was draining when it was ended, and had no calls
  for (const { id } of before) expect(existsSync(join(folderOf(id), "lib/sip-proxy/draining"))).toBe(true);
  expect(rolled.stderr).toContain("calls left: sipproxy1 ");
  const after = await instances();
  expect(after.map(({ host, address }) => [host, address])).toEqual([
    ["sipproxy0", own],
    ["sipproxy1", second?.address],
  ]);
  expect(after.every(({ image }) => image === bases.newest.ami_id)).toBe(true);
  expect(after.map(({ id }) => id)).not.toContain(first?.id);

  played.old = true;
  expect(await roll(file)).toMatchObject({ code: 0, changes: [] });
  played.old = false;
  const status = await cloud.json<object[]>("fleet", "status", file, "--target", "ec2");
  expect(status).toMatchObject([
    { host: "sipproxy0", state: "running", current: true, ready: true, image: bases.newest.ami_id },
    { host: "sipproxy1", state: "running", current: true, ready: true },
  ]);
  const back = await roll(file, "rollback", "sipproxy0");
  expect([back.code, back.changes]).toEqual([0, replaced]);
  expect((await instances()).map(({ image }) => image)).toEqual([bases.old.ami_id, bases.newest.ami_id]);
  // another instance type is also a reason to replace hosts
  const larger = await fleet("newest", {}, { instance_type: "t3.large" });
  expect((await roll(larger, "roll", "--dry-run")).stderr).toContain("sipproxy0, sipproxy1");
});

test("it does not begin without another host that takes calls, and stops at the first that is not ready; then it goes on", async () => {
  const [first, second] = await instances();
  const draining = join(folderOf(second?.id ?? ""), "lib/sip-proxy/draining");
  mkdirSync(join(folderOf(second?.id ?? ""), "lib/sip-proxy"), { recursive: true });
  writeFileSync(draining, "now");
  const file = await fleet("newest");
  const refused = await roll(file, "roll", "--timeout", "1");
  expect([refused.code, refused.changes, refused.stderr]).toEqual([
    1,
    ["PutParameter"],
    expect.stringContaining("sipproxy0 is not drained: no other host accepts calls"),
  ]);
  expect(existsSync(join(folderOf(first?.id ?? ""), "lib/sip-proxy/draining"))).toBe(false);
  rmSync(draining);

  played.rotten.add(bases.newest.ami_id);
  for (const calls of [replaced, []]) {
    const stopped = await roll(file, "roll", "--timeout", "3");
    expect([stopped.code, stopped.changes, stopped.stderr]).toEqual([
      1,
      calls,
      expect.stringMatching(
        /the roll stops at sipproxy0, which is not ready; as they were: sipproxy1[^]*last status: not ready: no recorder/,
      ),
    ]);
  }
  expect((await instances()).map(({ image }) => image)).toEqual([bases.newest.ami_id, bases.old.ami_id]);
  played.rotten.clear();
  expect((await roll(file)).changes).toEqual(replaced);
});

test("what would stop it half-way is found before a host is drained; a group's instances are left to their own roll", async () => {
  const [, second] = await instances();
  const InstanceId = second?.id ?? "";
  const protect = (Value: boolean) =>
    cloud.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination: { Value } }));
  await protect(true);
  const file = await fleet("newest");
  const refused = async (words: RegExp, other = file) =>
    expect(await roll(other)).toMatchObject({
      code: 1,
      changes: [],
      stderr: expect.stringMatching(words) as string,
    });
  await refused(new RegExp(`instance ${InstanceId} is protected`));
  await protect(false);
  await refused(
    /no subnet contains 172\.31\.0\.10/,
    await fleet("newest", {}, { subnets: subnets.slice(1) }),
  );
  await refused(
    /instance profile[^]*hint: launch\.ec2\.iam_instance_profile/i,
    await fleet("newest", {}, { iam_instance_profile: "nobody" }),
  );
  await refused(
    /sipproxy0: 172\.31\.0\.11 is in use by i-\w+ in subnet-\w+\nhint: .*use a third one in between/,
    await fleet("newest", {
      proxies: {
        sipproxy0: { public_ip_address: own, private_ip_address: "172.31.0.11" },
        sipproxy1: { public_ip_address: "auto", private_ip_address: "172.31.0.10" },
      },
    }),
  );
  const changed = await fleet("newest", {}, { ami: undefined, instance_type: "t3.large" });
  const message = "You are not authorized to perform: ec2:RunInstances on resource: instance/*";
  cloud.proxy.trouble("RunInstances", { code: "UnauthorizedOperation", message }, { after: 1 });
  const forbidden = await roll(changed, "roll", "--image", bases.newest.ami_id);
  expect(forbidden).toMatchObject({
    code: 1,
    changes: [],
    stderr: expect.stringMatching(
      /sipproxy1 cannot be launched, and no host was drained: .*UnauthorizedOperation/,
    ) as string,
  });
  expect(cloud.proxy.calls("RunInstances")[1]?.params).toMatchObject({
    DryRun: "true",
    ImageId: bases.newest.ami_id,
    InstanceType: "t3.large",
    "NetworkInterface.1.SubnetId": subnets[0],
  });
  played.ssm.pings = (id) => (id === InstanceId ? undefined : "Online");
  const silent = await roll(file, "roll", "--timeout", "1");
  expect([silent.code, silent.changes, silent.stderr]).toEqual([
    1,
    ["PutParameter"],
    expect.stringContaining(
      `sipproxy0 is not drained: sipproxy1 is not ready; sipproxy1 is not reachable: SSM does not manage ${InstanceId}`,
    ),
  ]);

  const grouped = await fleet("newest", { group: { name: "proxies", subnets, min: 1 } });
  expect(await roll(grouped, "roll", "proxies")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/proxies is a group, not a host\nhint: sip-proxy group roll/) as string,
  });
  expect((await roll(grouped, "roll", "--dry-run")).stderr).toContain(
    "instances of the group proxies are not changed",
  );
});
