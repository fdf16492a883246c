import { listParam } from "./aws-request.js";
import type { Cloud } from "./cloud.js";
import { bakeMark } from "./fleet-ami.js";

// Large accounts, in EC2's pages: filling moto with as many resources would take too long.

type Params = Record<string, unknown>;

const play = (cloud: Cloud, action: string, answer: (params: Params) => string): void =>
  void cloud.proxy.standIns.set(action, ({ params }) => ({
    body: `<${action}Response>${answer(params)}</${action}Response>`,
  }));

const hex = (index: number) => index.toString(16).padStart(17, "0");
const tagSet = (tags: Record<string, string>) =>
  `<tagSet>${Object.entries(tags)
    .map(([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`)
    .join("")}</tagSet>`;

/** This number of AMIs of the fleet `test`; no instance uses them. */
export function playImages(cloud: Cloud, count: number): void {
  const all = Array.from(
    { length: count },
    (_, index) =>
      `<item><imageId>ami-${hex(index)}</imageId><imageState>available</imageState><creationDate>2026-11-01T00:00:00.000Z</creationDate>
    ${tagSet(bakeMark())}</item>`,
  );
  play(cloud, "DescribeImages", (params) => {
    const from = Number(params["NextToken"] ?? 0);
    const to = from + Number(params["MaxResults"] ?? count);
    const next = to < all.length ? `<nextToken>${to}</nextToken>` : "";
    return `<imagesSet>${all.slice(from, to).join("")}</imagesSet>${next}`;
  });
  play(cloud, "DescribeImageAttribute", () => "<launchPermission/>");
  // moto takes a second for each
  play(cloud, "DescribeInstances", () => "<reservationSet/>");
}

export const instanceIds = (count: number) => Array.from({ length: count }, (_, index) => `i-${hex(index)}`);

/**
 * The group `proxies` of the fleet `test`, with these instances; the last one is just starting. Returns the calls that EC2 would refuse,
 * because they have too many values.
 */
export function playGroup(cloud: Cloud, ids: readonly string[]): string[] {
  const refused: string[] = [];
  const limited = (action: string, most: number, asked: readonly string[]) => {
    if (asked.length > most) refused.push(`${action} with ${asked.length} values`);
  };
  const tags = {
    "sip-proxy:fleet": "test",
    "sip-proxy:host": "proxies",
    "aws:autoscaling:groupName": "test-proxies",
  };
  play(cloud, "DescribeInstances", (params) => {
    const asked = listParam(params, "Filter.1.Value");
    limited("DescribeInstances", 200, asked);
    const wanted = params["Filter.1.Name"] === "instance-id" ? asked : ids;
    const items = wanted.map(
      (id, index) =>
        `<item><instanceId>${id}</instanceId><ipAddress>198.51.${index >> 8}.${index & 255}</ipAddress>
        <instanceState><name>running</name></instanceState>${tagSet(tags)}</item>`,
    );
    return `<reservationSet><item><instancesSet>${items.join("")}</instancesSet></item></reservationSet>`;
  });
  play(cloud, "DescribeInstanceStatus", (params) => {
    const asked = listParam(params, "InstanceId");
    limited("DescribeInstanceStatus", 100, asked);
    const items = asked.map(
      (id) =>
        `<item><instanceId>${id}</instanceId><systemStatus><status>ok</status></systemStatus><instanceStatus><status>ok</status></instanceStatus></item>`,
    );
    return `<instanceStatusSet>${items.join("")}</instanceStatusSet>`;
  });
  // moto does not have this group, and does not support some of the calls
  for (const [action, list] of [
    ["DescribeWarmPool", "Instances"],
    ["DescribeInstanceRefreshes", "InstanceRefreshes"],
    ["DescribeLifecycleHooks", "LifecycleHooks"],
    ["DescribePolicies", "ScalingPolicies"],
    ["DescribeScalingActivities", "Activities"],
  ])
    play(cloud, action ?? "", () => `<${action}Result><${list}/></${action}Result>`);
  play(cloud, "GetConsoleOutput", ({ InstanceId }) => {
    const says = InstanceId === ids.at(-1) ? "sip-proxy: database: waiting" : "sip-proxy: ready: takes calls";
    return `<output>${Buffer.from(says).toString("base64")}</output>`;
  });
  play(cloud, "DescribeAutoScalingGroups", () => {
    const members = ids.map(
      (id) =>
        `<member><InstanceId>${id}</InstanceId><LifecycleState>${id === ids.at(-1) ? "Pending:Wait" : "InService"}</LifecycleState></member>`,
    );
    return `<DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>test-proxies</AutoScalingGroupName>
      <Instances>${members.join("")}</Instances></member></AutoScalingGroups></DescribeAutoScalingGroupsResult>`;
  });
  return refused;
}
