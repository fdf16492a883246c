import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AssociateAddressCommand,
  DescribeAddressesCommand,
  ReleaseAddressCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import {
  fleet,
  folderOf,
  freeAddresses,
  instances,
  own,
  replaced,
  roll,
  useRolls,
} from "../support/cloud/rolls.js";
import { told } from "../support/cloud/told.js";
import { cloud } from "../support/cloud/use-cloud.js";

// Rolls of single instances that were cut off or stopped half-way: the same command continues them.

useRolls();

test("a host that a roll which was cut off has left without its Elastic IP is given it before the next one is drained", async () => {
  const file = await fleet("newest");
  cloud.proxy.trouble("AssociateAddress", { code: "InvalidInstanceID" });
  const cut = await roll(file);
  expect([cut.code, cut.changes]).toEqual([1, ["PutParameter", ...replaced]]);
  expect((await instances()).map(({ address }) => address)).toEqual([undefined, expect.any(String)]);

  const status = await told(cloud, "fleet", "status", file, "--target", "ec2", "--json");
  expect([status.code, JSON.parse(status.stdout)]).toMatchObject([
    1,
    [
      { host: "sipproxy0", current: true, ready: true, lacks: `its Elastic IP ${own}` },
      { host: "sipproxy1", current: false, lacks: null },
    ],
  ]);
  expect(status.stderr).toContain(
    `sipproxy0 lacks its Elastic IP ${own}; to repair this: sip-proxy fleet roll FLEET sipproxy0 --target ec2`,
  );
  const dry = await roll(file, "roll", "sipproxy0", "--dry-run");
  expect([dry.code, dry.changes, dry.stderr]).toEqual([
    0,
    [],
    expect.stringMatching(/would give sipproxy0 what it lacks: its Elastic IP/),
  ]);
  const plan = await cloud.json("fleet", "roll", file, "--target", "ec2", "--dry-run");
  const lacking = [{ host: "sipproxy0", lacks: `its Elastic IP ${own}` }];
  expect(plan).toEqual({ would: ["sipproxy1"], lacking });

  const again = await roll(file);
  expect([again.code, again.changes]).toEqual([0, ["AssociateAddress", ...replaced]]);
  expect((await instances())[0]).toMatchObject({ host: "sipproxy0", address: own });
  expect((await told(cloud, "fleet", "status", file, "--target", "ec2")).code).toBe(0);
});

test("an Elastic IP that another instance has, or that the account has not, is told as that, and left", async () => {
  const [first, second] = await instances();
  const address = { PublicIp: own, InstanceId: second?.id ?? "" };
  await freeAddresses(second?.id ?? "");
  await freeAddresses(first?.id ?? "");
  await cloud.ec2.send(new AssociateAddressCommand(address));
  const file = await fleet("old");
  const lacking = async () =>
    (await cloud.json<{ lacking: object[] }>("fleet", "roll", file, "--target", "ec2", "--dry-run")).lacking;
  const taken = { host: "sipproxy0", lacks: `its Elastic IP ${own}, which ${second?.id} has` };
  expect(await lacking()).toContainEqual(taken);
  const refused = await roll(file);
  expect([refused.code, refused.changes]).toEqual([1, []]);
  expect(refused.stderr).toContain(`sipproxy0: ${own} is in use by ${second?.id}`);

  await freeAddresses(second?.id ?? "");
  const { Addresses = [] } = await cloud.ec2.send(new DescribeAddressesCommand({ PublicIps: [own] }));
  await cloud.ec2.send(new ReleaseAddressCommand({ AllocationId: Addresses[0]?.AllocationId }));
  expect(await lacking()).toContainEqual({
    host: "sipproxy0",
    lacks: `its Elastic IP ${own}, which this account does not have in eu-west-1`,
  });
});

test("what stops it half-way is told with how the hosts stand, and the same command goes on", async () => {
  const [first] = await instances();
  mkdirSync(folderOf(first?.id ?? ""), { recursive: true });
  const calls = join(folderOf(first?.id ?? ""), "calls");
  writeFileSync(calls, "1000");
  const file = await fleet("newest");
  // four commands succeed: two check for room, one starts the drain, one reads the number of calls left
  cloud.proxy.trouble("SendCommand", { code: "ExpiredTokenException" }, { after: 4 });
  const expired = await roll(file);
  expect([expired.code, expired.changes]).toEqual([1, ["PutParameter"]]);
  expect(expired.stderr).toMatch(
    /the roll stops at sipproxy0: .*ExpiredToken.*\nsipproxy0 is drained: run the same command again to continue, .*; as they were: sipproxy1\n.*log in again/,
  );
  writeFileSync(calls, "0");
  // the first two calls are dry runs
  cloud.proxy.trouble("RunInstances", { code: "InsufficientInstanceCapacity" }, { after: 2 });
  const full = await roll(file);
  expect([full.code, full.changes]).toEqual([1, replaced.slice(0, 2)]);
  expect(full.stderr).toMatch(
    /the roll stops at sipproxy0: .*InsufficientInstanceCapacity.*\nthe old sipproxy0 has ended, and the new one is not up: run the same command again to continue; as they were: sipproxy1\n.*use another instance_type/,
  );
  expect((await roll(file)).changes).toEqual([...replaced.slice(1), ...replaced]);
});

test("an Elastic IP that EC2 still shows with the ended instance is waited for", async () => {
  const [first] = await instances();
  const ended = first?.id ?? "";
  // moto does not release the address of a terminated instance
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [ended] }));
  let looks = 0;
  cloud.proxy.standIns.set("DescribeAddresses", async (_, forward) => {
    if (++looks === 4) await freeAddresses(ended);
    return forward();
  });
  const rolled = await roll(await fleet("newest"), "roll", "sipproxy0");
  expect([rolled.code, rolled.changes]).toEqual([0, ["PutParameter", "RunInstances", "AssociateAddress"]]);
  expect(looks).toBeGreaterThan(3);
  expect((await instances())[0]).toMatchObject({ host: "sipproxy0", address: own });
});

test("a host that a roll which was cut off has ended is launched again, without a drain", async () => {
  const [first] = await instances();
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first?.id ?? ""] }));
  await freeAddresses(first?.id ?? "");
  const file = await fleet("newest");
  const rolled = await roll(file, "roll", "sipproxy0");
  expect([rolled.code, rolled.changes]).toEqual([0, ["PutParameter", "RunInstances", "AssociateAddress"]]);
  expect((await instances())[0]).toMatchObject({ host: "sipproxy0", address: own });
});
