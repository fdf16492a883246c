import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { bases, Cloud } from "../support/cloud/cloud.js";
import { instanceIds, playGroup } from "../support/cloud/many.js";
import { told } from "../support/cloud/told.js";

const many = 1000;

let cloud: Cloud;
let file: string;
let refused: string[];
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(async () => {
  await cloud.reset();
  const launch = { ec2: { instance_type: "t3.medium", iam_instance_profile: "host", ami: bases.old.ami_id } };
  const subnets = (await cloud.subnets()).map(({ id }) => id);
  file = await cloud.fleet({ launch, proxies: {}, group: { name: "proxies", subnets, min: 1, max: many } });
  refused = playGroup(cloud, instanceIds(many));
});
afterEach(() => expect(refused).toEqual([]));
afterAll(() => cloud?.stop());

test("the status of a thousand instances takes twenty calls at most, and still tells the one that is not ready", async () => {
  const { code, stdout } = await told(cloud, "status", file, "--target", "ec2", "--json");
  expect(cloud.proxy.requests.length).toBeLessThanOrEqual(20);
  const { proxies = [] } = JSON.parse(stdout) as Record<
    string,
    { ready: boolean; says: string; checks: string }[]
  >;
  expect(proxies).toHaveLength(many);
  expect(proxies.filter(({ ready }) => !ready)).toMatchObject([{ says: "database: waiting", checks: "ok" }]);
  expect(
    proxies.filter(({ says }) => says === "InService (reported by the group; console not read)").length,
  ).toBe(many - 6);
  expect(code).toBe(1);
});

test("group status and dns read a thousand instances in pages", async () => {
  const status = JSON.parse((await told(cloud, "group", "status", file, "--json")).stdout) as {
    instances: { address?: string }[];
  };
  expect(status.instances.filter(({ address }) => address !== undefined)).toHaveLength(many);
  const { stdout, code } = await told(cloud, "dns", file, "--target", "ec2", "--domain", "example.com");
  expect([code, (stdout.match(/198\.51\./g) ?? []).length]).toEqual([0, many - 1]);
});
