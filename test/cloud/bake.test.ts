import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { DescribeImagesCommand } from "@aws-sdk/client-ec2";
import { Cloud } from "../support/cloud/cloud.js";
import { contentsFile } from "../support/cloud/contents.js";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(() => cloud.reset());
afterAll(() => cloud?.stop());

test("explore", async () => {
  const file = await cloud.fleet({});
  const c = await contentsFile(cloud.folder);
  cloud.proxy.standIns.set("EnableImageDeprecation", () => ({
    body: "<EnableImageDeprecationResponse><return>true</return></EnableImageDeprecationResponse>",
  }));
  for (const words of [
    ["bake", file, "--target", "ec2", "--dry-run", "--emulate", c],
    ["bake", file, "--target", "ec2", "--emulate", c],
    ["bake", file, "--target", "ec2", "--emulate", c],
  ]) {
    cloud.proxy.requests.length = 0;
    const r = await cloud.cli(...words);
    console.log(
      words.join(" "),
      r.code,
      r.stdout,
      r.stderr.slice(-5000),
      cloud.proxy.requests.map((q) => q.action).join(),
    );
  }
  console.log(
    JSON.stringify((await cloud.ec2.send(new DescribeImagesCommand({ Owners: ["self"] }))).Images, null, 1),
  );
  expect(1).toBe(1);
});
