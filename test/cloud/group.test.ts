import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Cloud, bases } from "../support/cloud/cloud.js";
import { MotoGaps } from "../support/cloud/moto-gaps.js";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(() => cloud.reset());
afterAll(() => cloud?.stop());

test("explore", async () => {
  const subnets = await cloud.subnets();
  new MotoGaps(cloud.proxy, () => cloud.autoscaling);
  const parts = (over: object = {}, launch: object = {}) => ({
    group: {
      name: "proxies",
      subnets: subnets.map((s) => s.id),
      min: 2,
      max: 4,
      target_calls: 400,
      warm_pool: 1,
      ...over,
    },
    launch: {
      ec2: {
        instance_type: "t3.medium",
        iam_instance_profile: "host",
        ami: bases.newest.ami_id,
        create_security_group: true,
        ...launch,
      },
    },
  });
  const file = await cloud.fleet(parts());
  const run = async (...words: string[]) => {
    cloud.proxy.requests.length = 0;
    const r = await cloud.cli(...words);
    console.log(
      words.join(" "),
      r.code,
      r.stdout,
      r.stderr.replace(/warning[^]*hint: write.*\n/, ""),
      cloud.proxy.changes().join(),
    );
  };
  await run("group", "plan", file);
  await run("group", "apply", file);
  await run("group", "plan", file);
  await run("group", "status", file);
  const file2 = await cloud.fleet(
    parts({ max: 5, min: 3, target_calls: 300 }, { ami: bases.old.ami_id }),
    "two",
  );
  await run("group", "plan", file2);
  await run("group", "apply", file2);
  await run("group", "plan", file2);
  await run("group", "roll", file2);
  await run("group", "roll", file2);
  await run("group", "status", file2);
  await run("group", "rollback", file2);
  await run("group", "rollback", file2);
  await run("group", "status", file2);
  await run("group", "delete", file2);
  await run("group", "delete", file2);
  expect(1).toBe(1);
});
