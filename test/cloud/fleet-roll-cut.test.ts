import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerminateInstancesCommand } from "@aws-sdk/client-ec2";
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
import { cloud } from "../support/cloud/use-cloud.js";

// Rolls of single instances that were cut off, or stopped half-way: the same command goes on.

useRolls();

test("a host that a roll which was cut off has left without its Elastic IP is given it before the next one is drained", async () => {
  const file = await fleet("newest");
  cloud.proxy.trouble("AssociateAddress", { code: "InvalidInstanceID" });
  const cut = await roll(file);
  expect([cut.code, cut.changes]).toEqual([1, ["PutParameter", ...replaced]]);
  expect((await instances()).map(({ address }) => address)).toEqual([undefined, expect.any(String)]);
  const again = await roll(file);
  expect([again.code, again.changes]).toEqual([0, ["AssociateAddress", ...replaced]]);
  expect((await instances())[0]).toMatchObject({ host: "sipproxy0", address: own });
});

test("what stops it half-way is told with how the hosts stand, and the same command goes on", async () => {
  const [first] = await instances();
  mkdirSync(folderOf(first?.id ?? ""), { recursive: true });
  const calls = join(folderOf(first?.id ?? ""), "calls");
  writeFileSync(calls, "1000");
  const file = await fleet("newest");
  // two are asked for room, one to drain, and then for what is left
  cloud.proxy.trouble("SendCommand", { code: "ExpiredTokenException" }, { after: 4 });
  const expired = await roll(file);
  expect([expired.code, expired.changes]).toEqual([1, ["PutParameter"]]);
  expect(expired.stderr).toMatch(
    /the roll stops at sipproxy0: .*ExpiredToken.*\nsipproxy0 is drained: the same command goes on, .*; as they were: sipproxy1\n.*log in again/,
  );
  writeFileSync(calls, "0");
  // the first two are only asked about
  cloud.proxy.trouble("RunInstances", { code: "InsufficientInstanceCapacity" }, { after: 2 });
  const full = await roll(file);
  expect([full.code, full.changes]).toEqual([1, replaced.slice(0, 2)]);
  expect(full.stderr).toMatch(
    /the roll stops at sipproxy0: .*InsufficientInstanceCapacity.*\nthe old sipproxy0 has ended, and the new one is not up: the same command goes on; as they were: sipproxy1\n.*use another instance_type/,
  );
  expect((await roll(file)).changes).toEqual([...replaced.slice(1), ...replaced]);
});

test("an Elastic IP that EC2 still shows with the ended instance is waited for", async () => {
  const [first] = await instances();
  const ended = first?.id ?? "";
  // moto leaves it with the instance
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
