import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { bases, Cloud } from "../support/cloud/cloud.js";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(() => cloud.reset());
afterAll(() => cloud?.stop());

test("explore", async () => {
  const subnets = await cloud.subnets();
  const file = await cloud.fleet({
    launch: {
      ec2: {
        instance_type: "t3.medium",
        subnets: subnets.map((s) => s.id),
        ami: bases.newest.ami_id,
        create_security_group: true,
      },
    },
  });
  for (const words of [
    ["launch", file, "sipproxy0", "--target", "ec2", "--no-wait", "--dry-run"],
    ["launch", file, "sipproxy0", "--target", "ec2", "--no-wait"],
    ["launch", file, "sipproxy0", "--target", "ec2", "--no-wait"],
    ["list", file, "--target", "ec2"],
    ["status", file, "--target", "ec2"],
    ["launch", file, "sipproxy0", "--target", "ec2", "--timeout", "1"],
    ["stop", file, "sipproxy0", "--target", "ec2"],
    ["stop", file, "sipproxy0", "--target", "ec2"],
    ["terminate", file, "sipproxy0", "--target", "ec2"],
    ["terminate", file, "sipproxy0", "--target", "ec2", "--release"],
    ["terminate", file, "sipproxy0", "--target", "ec2", "--release"],
  ]) {
    cloud.proxy.requests.length = 0;
    const r = await cloud.cli(...words);
    console.log(words.join(" "), r.code, r.stdout, r.stderr, cloud.proxy.changes());
    if (words.includes("list"))
      console.log(
        JSON.stringify(
          (await cloud.ec2.send(new DescribeInstancesCommand({}))).Reservations?.[0]?.Instances?.[0],
          null,
          1,
        ),
      );
  }
  expect(1).toBe(1);
});
