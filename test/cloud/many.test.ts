import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bases, Cloud } from "../support/cloud/cloud.js";
import { listParam } from "../support/cloud/aws-request.js";
import { told } from "../support/cloud/told.js";

const many = 1000;
const ids = Array.from({ length: many }, (_, index) => `i-${index.toString(16).padStart(17, "0")}`);

let cloud: Cloud;
let file: string;
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(async () => {
  await cloud.reset();
  const launch = { ec2: { instance_type: "t3.medium", iam_instance_profile: "host", ami: bases.old.ami_id } };
  const subnets = (await cloud.subnets()).map(({ id }) => id);
  file = await cloud.fleet({ launch, proxies: {}, group: { name: "proxies", subnets, min: 1, max: many } });
  playGroup();
});
afterAll(() => cloud?.stop());

/** A group of a thousand, in the pages and limits of EC2; one of them, the last, is just coming. */
function playGroup(): void {
  const play = (action: string, answer: (params: Record<string, unknown>) => string) =>
    cloud.proxy.standIns.set(action, ({ params }) => ({
      body: `<${action}Response>${answer(params)}</${action}Response>`,
    }));
  const tags = {
    "sip-proxy:fleet": "test",
    "sip-proxy:host": "proxies",
    "aws:autoscaling:groupName": "test-proxies",
  };
  const tagSet = Object.entries(tags).map(
    ([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`,
  );
  play("DescribeInstances", (params) => {
    const asked = listParam(params, "Filter.1.Value");
    const wanted = params["Filter.1.Name"] === "instance-id" ? asked : ids;
    expect(asked.length).toBeLessThanOrEqual(200);
    const items = wanted.map(
      (id, index) =>
        `<item><instanceId>${id}</instanceId><ipAddress>198.51.${index >> 8}.${index & 255}</ipAddress>
        <instanceState><name>running</name></instanceState><tagSet>${tagSet.join("")}</tagSet></item>`,
    );
    return `<reservationSet><item><instancesSet>${items.join("")}</instancesSet></item></reservationSet>`;
  });
  play("DescribeInstanceStatus", (params) => {
    const asked = listParam(params, "InstanceId");
    expect(asked.length).toBeLessThanOrEqual(100);
    const items = asked.map(
      (id) =>
        `<item><instanceId>${id}</instanceId><systemStatus><status>ok</status></systemStatus><instanceStatus><status>ok</status></instanceStatus></item>`,
    );
    return `<instanceStatusSet>${items.join("")}</instanceStatusSet>`;
  });
  // moto knows no such group, and lacks some of the calls
  for (const [action, list] of [
    ["DescribeWarmPool", "Instances"],
    ["DescribeInstanceRefreshes", "InstanceRefreshes"],
    ["DescribeLifecycleHooks", "LifecycleHooks"],
    ["DescribePolicies", "ScalingPolicies"],
    ["DescribeScalingActivities", "Activities"],
  ])
    play(action ?? "", () => `<${action}Result><${list}/></${action}Result>`);
  play("GetConsoleOutput", ({ InstanceId }) => {
    const says = InstanceId === ids.at(-1) ? "sip-proxy: database: waiting" : "sip-proxy: ready: takes calls";
    return `<output>${Buffer.from(says).toString("base64")}</output>`;
  });
  play("DescribeAutoScalingGroups", () => {
    const members = ids.map(
      (id) =>
        `<member><InstanceId>${id}</InstanceId><LifecycleState>${id === ids.at(-1) ? "Pending:Wait" : "InService"}</LifecycleState></member>`,
    );
    return `<DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>test-proxies</AutoScalingGroupName>
      <Instances>${members.join("")}</Instances></member></AutoScalingGroups></DescribeAutoScalingGroupsResult>`;
  });
}

test("the status of a thousand instances takes twenty calls at most, and still tells the one that is not ready", async () => {
  const { code, stdout } = await told(cloud, "status", file, "--target", "ec2", "--json");
  expect(cloud.proxy.requests.length).toBeLessThanOrEqual(20);
  const { proxies = [] } = JSON.parse(stdout) as Record<
    string,
    { ready: boolean; says: string; checks: string }[]
  >;
  expect(proxies).toHaveLength(many);
  expect(proxies.filter(({ ready }) => !ready)).toMatchObject([{ says: "database: waiting", checks: "ok" }]);
  expect(proxies.filter(({ says }) => says === "InService (by its group; console not read)").length).toBe(
    many - 6,
  );
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
