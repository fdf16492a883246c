import type { Answer, FaultProxy, StandIn } from "./fault-proxy.js";
import type { AwsRequest } from "./aws-request.js";

/**
 * Stand-ins for changes of a group's instance types: moto accepts a mixed instances policy only for a new group. Added to existing
 * stand-ins.
 */
export function playMixedUpdates({ standIns }: FaultProxy): void {
  let changed: AwsRequest["params"] | undefined;
  const over = (action: string, wrap: (former: StandIn) => StandIn) =>
    standIns.set(action, wrap(standIns.get(action) ?? ((_, forward) => forward())));
  over("UpdateAutoScalingGroup", (former) => (call, forward) => {
    if (Object.keys(call.params).some((name) => /^(MixedInstancesPolicy|LaunchTemplate)\./.test(name)))
      changed = call.params;
    return former(call, forward);
  });
  over("DescribeAutoScalingGroups", (former) => async (call, forward) => {
    const answer = await former(call, forward);
    return changed === undefined ? answer : withTypes(answer, changed);
  });
}

/** The version stays as in moto: that of the last roll. */
function withTypes(answer: Answer, params: AwsRequest["params"]): Answer {
  const launches =
    /(<MixedInstancesPolicy>[^]*?<\/MixedInstancesPolicy>|<LaunchTemplate>[^]*?<\/LaunchTemplate>)(?=\s*<Instances>)/;
  const body = answer.body.replace(launches, (element) => {
    const template = (/<LaunchTemplateId>[^]*?<\/LaunchTemplateName>/.exec(element)?.[0] ?? "").trim();
    const types = Object.entries(params).filter(([name]) =>
      /Overrides\.member\.\d+\.InstanceType$/.test(name),
    );
    if (types.length === 0) return `<LaunchTemplate>${template}</LaunchTemplate>`;
    const members = types.map(([, type]) => `<member><InstanceType>${String(type)}</InstanceType></member>`);
    const distribution = Object.entries(params).flatMap(([name, value]) => {
      const [, field] = /^MixedInstancesPolicy\.InstancesDistribution\.(\w+)$/.exec(name) ?? [];
      return field === undefined ? [] : [`<${field}>${String(value)}</${field}>`];
    });
    return (
      `<MixedInstancesPolicy><LaunchTemplate><LaunchTemplateSpecification>${template}</LaunchTemplateSpecification>` +
      `<Overrides>${members.join("")}</Overrides></LaunchTemplate>` +
      `<InstancesDistribution>${distribution.join("")}</InstancesDistribution></MixedInstancesPolicy>`
    );
  });
  return { ...answer, body };
}

const mixedTemplate = "DesiredConfiguration.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification";

/** The template version that a refresh requests, also for a mixed group. */
export const desiredVersion = (params: AwsRequest["params"]): string =>
  String(params["DesiredConfiguration.LaunchTemplate.Version"] ?? params[`${mixedTemplate}.Version`]);
