import type { Answer, FaultProxy, StandIn } from "./fault-proxy.js";
import type { AwsRequest } from "./aws-request.js";

/**
 * Stand-ins for changes of a group's instance types: moto 5.1.1 accepts a mixed instances policy only for a new group, and 5.2.4 loses it
 * when a played refresh sets the template. Added to existing stand-ins.
 */
export function playMixedUpdates({ standIns }: FaultProxy): void {
  let changed: AwsRequest["params"] | undefined;
  const over = (action: string, wrap: (former: StandIn) => StandIn) =>
    standIns.set(action, wrap(standIns.get(action) ?? ((_, forward) => forward())));
  for (const action of ["CreateAutoScalingGroup", "UpdateAutoScalingGroup"])
    over(action, (former) => (call, forward) => {
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
    /<Instances>[^]*?<.Instances>|<MixedInstancesPolicy>[^]*?<.MixedInstancesPolicy>|<LaunchTemplate>[^]*?<.LaunchTemplate>/g;
  // moto 5.2.4 shows the former template beside a new policy
  let isReplaced = false;
  const body = answer.body.replaceAll(launches, (element) => {
    if (element.startsWith("<Instances>")) return element;
    if (isReplaced) return "";
    isReplaced = true;
    const fields = ["LaunchTemplateId", "LaunchTemplateName", "Version"];
    const template = fields
      .map((tag) => new RegExp(`<${tag}>[^<]*<.${tag}>`).exec(element)?.[0] ?? "")
      .join("");
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
