import type { Action, InputOf, OutputOf } from "../compute/calls.js";

type Name<A extends Action> = (input: InputOf<A>, output: OutputOf<A>) => string;

/** The names of resources that calls create, for messages. */
const names: { [A in Action]?: Name<A> } = {
  "ec2:AllocateAddress": (_, { PublicIp, AllocationId }) => `Elastic IP ${PublicIp} (${AllocationId})`,
  "ec2:CreateLaunchTemplate": ({ LaunchTemplateName }) => `launch template ${LaunchTemplateName}`,
  "ec2:CreateLaunchTemplateVersion": (_, { LaunchTemplateVersion: made }) =>
    `version ${made?.VersionNumber} of launch template ${made?.LaunchTemplateName}`,
  "ec2:CreateSecurityGroup": (_, { GroupId }) => `security group ${GroupId}`,
  "ec2:RunInstances": (_, { Instances }) => `instance ${Instances?.[0]?.InstanceId}`,
  "autoscaling:CreateAutoScalingGroup": ({ AutoScalingGroupName }) =>
    `autoscaling group ${AutoScalingGroupName}`,
};

export function madeBy<A extends Action>(
  action: A,
  input: InputOf<A>,
  output: OutputOf<A>,
): string | undefined {
  const name = names[action];
  return name?.(input, output);
}
