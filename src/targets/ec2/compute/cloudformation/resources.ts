import type { Action, InputOf, PlannedCall } from "../calls.js";

export interface Resource {
  Type: string;
  Properties: object;
}

/** A logical id, and its resource. */
type Entry = [string, Resource];

const launchTemplate = { Ref: "LaunchTemplate" };
const group = { Ref: "Group" };

/** The resource for each call that creates something. A call that extends another resource is handled with that one. */
const entries: { [A in Action]?: (input: InputOf<A>, calls: readonly PlannedCall[]) => Entry[] } = {
  "ec2:CreateSecurityGroup": ({ GroupName, Description, VpcId, TagSpecifications }, calls) => {
    const Properties = {
      GroupName,
      GroupDescription: Description,
      VpcId,
      SecurityGroupIngress: calls.flatMap(ingress),
      Tags: TagSpecifications?.[0]?.Tags,
    };
    return [["SecurityGroup", { Type: "AWS::EC2::SecurityGroup", Properties }]];
  },
  "ec2:AuthorizeSecurityGroupIngress": () => [],
  "ec2:CreateLaunchTemplate": ({ LaunchTemplateName, LaunchTemplateData, TagSpecifications }) => [
    [
      "LaunchTemplate",
      {
        Type: "AWS::EC2::LaunchTemplate",
        Properties: { LaunchTemplateName, LaunchTemplateData, TagSpecifications },
      },
    ],
  ],
  "autoscaling:CreateAutoScalingGroup": (input) => [
    ["Group", { Type: "AWS::AutoScaling::AutoScalingGroup", Properties: groupProperties(input) }],
  ],
  "autoscaling:PutScalingPolicy": ({ PolicyName: _, ...policy }) => [
    [
      "ScalingPolicy",
      { Type: "AWS::AutoScaling::ScalingPolicy", Properties: { ...policy, AutoScalingGroupName: group } },
    ],
  ],
  "autoscaling:PutWarmPool": (pool) => [
    [
      "WarmPool",
      { Type: "AWS::AutoScaling::WarmPool", Properties: { ...pool, AutoScalingGroupName: group } },
    ],
  ],
  "cloudwatch:PutMetricAlarm": (alarm) => [
    [alarmId(alarm), { Type: "AWS::CloudWatch::Alarm", Properties: alarm }],
  ],
};

/** The logical id of an alarm: the part of its name after the group's name, with letters and digits only. */
function alarmId({ AlarmName = "", Dimensions: [group] = [] }: InputOf<"cloudwatch:PutMetricAlarm">): string {
  const words = AlarmName.slice(group?.Value?.length).split("-");
  return `Alarm${words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("")}`;
}

/** The resources that the calls create. */
export function resourcesOf(calls: readonly PlannedCall[]): Record<string, Resource> {
  return Object.fromEntries(calls.flatMap((call) => entriesOf(call, calls)));
}

function entriesOf<A extends Action>(
  { action, input }: { action: A; input: InputOf<A> },
  calls: readonly PlannedCall[],
): Entry[] {
  const make = entries[action];
  if (make === undefined) throw new Error(`${action} makes no resource of a template`);
  return make(input, calls);
}

/** The rules of a call, one for each network. */
function ingress(call: PlannedCall): object[] {
  if (call.action !== "ec2:AuthorizeSecurityGroupIngress") return [];
  return (call.input.IpPermissions ?? []).flatMap(({ IpRanges = [], IpProtocol, FromPort, ToPort }) =>
    IpRanges.map((range) => ({ IpProtocol, FromPort, ToPort, ...range })),
  );
}

/**
 * The API takes numbers and subnets as one text; a template takes texts and a list. Without `group.desired` the template has no size, so
 * an update of the stack does not undo scaling.
 */
function groupProperties(input: InputOf<"autoscaling:CreateAutoScalingGroup">): object {
  const { MinSize, MaxSize, DesiredCapacity, VPCZoneIdentifier = "", Tags = [], ...same } = input;
  const template = {
    LaunchTemplateId: launchTemplate,
    Version: { "Fn::GetAtt": ["LaunchTemplate", "LatestVersionNumber"] },
  };
  const { MixedInstancesPolicy: mixed } = input;
  return {
    ...same,
    ...(mixed
      ? {
          MixedInstancesPolicy: {
            ...mixed,
            LaunchTemplate: { ...mixed.LaunchTemplate, LaunchTemplateSpecification: template },
          },
        }
      : { LaunchTemplate: template }),
    MinSize: String(MinSize),
    MaxSize: String(MaxSize),
    ...(DesiredCapacity === undefined ? {} : { DesiredCapacity: String(DesiredCapacity) }),
    VPCZoneIdentifier: VPCZoneIdentifier.split(","),
    Tags: Tags.map(({ Key, Value, PropagateAtLaunch }) => ({ Key, Value, PropagateAtLaunch })),
  };
}
