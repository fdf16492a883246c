import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/do/assets.js";
import { isArm, misfit } from "../../../src/targets/ec2/understand/architecture.js";
import { knownRegions } from "../../../src/targets/ec2/understand/regions.js";
import { fleetOf } from "../../support/fleets.js";

test.each([
  [
    true,
    "a1.large t4g.small m6g.large m6gd.xlarge c6gn.4xlarge c7gn.large x2gd.medium g5g.xlarge im4gn.large is4gen.large i8g.large mac2.metal",
  ],
  [
    false,
    "t3.medium c7i.large c7i-flex.large m7a.large g4dn.xlarge g6.xlarge u7i-12tb.224xlarge x2iedn.large i4i.large mac1.metal p4d.24xlarge",
  ],
])("arm64 is %s of %s", (arm, types) => {
  for (const type of types.split(" ")) expect([type, isArm(type)]).toEqual([type, arm]);
});

test("an AMI of another architecture is told; one of which none is known is not", () => {
  expect(misfit("arm64", "c7i.large")).toMatch(/is arm64, but c7i\.large has x86_64 processors/);
  expect([
    misfit("arm64", "c7g.large"),
    misfit("x86_64", "t3.small"),
    misfit(undefined, "c7g.large"),
  ]).toEqual([undefined, undefined, undefined]);
});

test("an AMI that is named may be of any architecture, and as large as it is", () => {
  const ec2 = { ami: "ami-0123456789abcdef0", instance_type: "c7g.large", volume_size: 4 };
  expect(fleetOf({ launch: { ec2 } }).launch.ec2.instance_type).toBe("c7g.large");
});

test("volumes are as large as the image's, unless the fleet file says otherwise", () => {
  const image = { targets: { ec2: { region: "eu-west-1", volume_size: 20 } } };
  expect(fleetOf({ image }).launch.ec2).toMatchObject({ region: "eu-west-1", volume_size: 20 });
  expect(fleetOf({ image, launch: { ec2: { volume_size: 30 } } }).launch.ec2.volume_size).toBe(30);
  expect(fleetOf().launch.ec2.volume_size).toBe(8);
});

test("the table of regions is the SDK's", () => {
  const file = "node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js";
  const names = readFileSync(join(packageRoot, file), "utf8").match(/\b[a-z]{2,5}(-[a-z]+)+-\d\b/g) ?? [];
  expect(names.length).toBeGreaterThan(30);
  expect([...knownRegions].sort()).toEqual([...new Set(names)].sort());
});
