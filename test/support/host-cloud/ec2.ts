import { AwsError } from "./aws-error.js";
import { arn, xml, type Action, type Service } from "./service.js";

const describeAddresses: Action = {
  needs: ({ account }) => [
    {
      action: "ec2:DescribeAddresses",
      resource: "*",
      context: { "aws:RequestedRegion": account.options.region },
    },
  ],
  run: ({ account, parameters }) => {
    const [, tag] = /^tag:(.+)$/.exec(parameters["Filter.1.Name"] ?? "") ?? [];
    if (tag === undefined)
      throw new AwsError("InvalidParameterValue", "only a filter by one tag is known here");
    const items = account.addresses
      .filter(({ tags }) => tags[tag] === parameters["Filter.1.Value.1"])
      .map(({ allocationId, publicIp, instance }) =>
        [
          `<item><publicIp>${publicIp}</publicIp><allocationId>${allocationId}</allocationId><domain>vpc</domain>`,
          instance
            ? `<instanceId>${instance.id}</instanceId><associationId>eipassoc-${allocationId.slice(9)}</associationId>`
            : "",
          `<tagSet><item><key>${xml(tag)}</key><value>${xml(parameters["Filter.1.Value.1"] ?? "")}</value></item></tagSet></item>`,
        ].join(""),
      );
    return `<addressesSet>${items.join("")}</addressesSet>`;
  },
};

const associateAddress: Action = {
  needs: ({ account, parameters }) => {
    const { AllocationId: address = "", InstanceId: instance = "" } = parameters;
    const tags = account.addresses.find(({ allocationId }) => allocationId === address)?.tags ?? {};
    const action = "ec2:AssociateAddress";
    return [
      { action, resource: arn("ec2", account, `elastic-ip/${address}`), context: resourceTags(tags) },
      {
        action,
        resource: arn("ec2", account, `instance/${instance}`),
        context: resourceTags({ "aws:autoscaling:groupName": account.options.group }),
      },
      { action, resource: arn("ec2", account, `network-interface/eni-${instance.slice(2)}`), context: {} },
    ];
  },
  run: ({ account, parameters }) => {
    if (parameters["AllowReassociation"] !== "false")
      throw new AwsError("InvalidParameterValue", "it would take addresses away from others");
    account.associate(parameters["AllocationId"] ?? "", account.instance(parameters["InstanceId"]));
    return `<return>true</return><associationId>eipassoc-${parameters["AllocationId"]?.slice(9)}</associationId>`;
  },
};

function resourceTags(tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [`aws:ResourceTag/${name}`, value]));
}

export const ec2: Service = {
  prefix: "ec2",
  protocol: "ec2",
  actions: { DescribeAddresses: describeAddresses, AssociateAddress: associateAddress },
};
