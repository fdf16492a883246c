import { CreateLaunchConfigurationCommand } from "@aws-sdk/client-auto-scaling";
import { CreateLaunchTemplateCommand, RunInstancesCommand, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import type { Cloud } from "./cloud.js";

export const promoteTo = ({ ssm }: Cloud, Value: string, Name = "/sip-proxy/test/ami") =>
  ssm.send(new PutParameterCommand({ Name, Value, Type: "String", Overwrite: true }));

/** Stand-ins for resources that moto does not have. */
export const played = (cloud: Cloud, action: string, content: string): void =>
  void cloud.proxy.standIns.set(action, () => ({
    body: `<${action}Response>${content}</${action}Response>`,
  }));

/** Resources in the account that refer to an AMI, with the reason in the output of prune. */
export const users: [string, RegExp, (cloud: Cloud, id: string) => unknown][] = [
  [
    "a launch configuration",
    /launch configuration old-style/,
    (cloud, ImageId) =>
      cloud.autoscaling.send(
        new CreateLaunchConfigurationCommand({
          LaunchConfigurationName: "old-style",
          ImageId,
          InstanceType: "t3.medium",
        }),
      ),
  ],
  [
    "a parameter of another name, within a map",
    /parameter \/voice\/images/,
    (cloud, id) => promoteTo(cloud, JSON.stringify({ "eu-west-1": id }), "/voice/images"),
  ],
  [
    "the version of a parameter that a launch template pins",
    /parameter \/voice\/pinned/,
    async (cloud, id) => {
      await promoteTo(cloud, id, "/voice/pinned");
      await promoteTo(cloud, "ami-0fff", "/voice/pinned");
      const LaunchTemplateData = { ImageId: "resolve:ssm:/voice/pinned:1" };
      await cloud.ec2.send(
        new CreateLaunchTemplateCommand({ LaunchTemplateName: "pins", LaunchTemplateData }),
      );
    },
  ],
  [
    "an override of a mixed instances policy",
    /mixed instances policy of autoscaling group mixed/,
    (cloud, id) =>
      played(
        cloud,
        "DescribeAutoScalingGroups",
        `<DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>mixed</AutoScalingGroupName>
        <MixedInstancesPolicy><LaunchTemplate><Overrides><member><ImageId>${id}</ImageId></member></Overrides></LaunchTemplate></MixedInstancesPolicy>
        </member></AutoScalingGroups></DescribeAutoScalingGroupsResult>`,
      ),
  ],
  [
    "an instance that is stopped, of a warm pool or set aside by somebody",
    /instance i-/,
    async ({ ec2 }, ImageId) => {
      const input = { ImageId, MinCount: 1, MaxCount: 1, InstanceType: "t3.medium" as const };
      const { Instances = [] } = await ec2.send(new RunInstancesCommand(input));
      await ec2.send(new StopInstancesCommand({ InstanceIds: [Instances[0]?.InstanceId ?? ""] }));
    },
  ],
  [
    "an EC2 fleet",
    /EC2 fleet fleet-1/,
    (cloud, id) =>
      played(
        cloud,
        "DescribeFleets",
        `<fleetSet><item><fleetId>fleet-1</fleetId><fleetState>active</fleetState><launchTemplateConfigs><item>
        <overrides><item><imageId>${id}</imageId></item></overrides></item></launchTemplateConfigs></item></fleetSet>`,
      ),
  ],
  [
    "a spot fleet",
    /spot fleet sfr-1/,
    (cloud, id) =>
      played(
        cloud,
        "DescribeSpotFleetRequests",
        `<spotFleetRequestConfigSet><item><spotFleetRequestId>sfr-1</spotFleetRequestId><spotFleetRequestState>active</spotFleetRequestState>
        <spotFleetRequestConfig><launchSpecifications><item><imageId>${id}</imageId></item></launchSpecifications></spotFleetRequestConfig></item></spotFleetRequestConfigSet>`,
      ),
  ],
  [
    "a spot request that waits",
    /spot request sir-1/,
    (cloud, id) =>
      played(
        cloud,
        "DescribeSpotInstanceRequests",
        `<spotInstanceRequestSet><item><spotInstanceRequestId>sir-1</spotInstanceRequestId><state>open</state>
        <launchSpecification><imageId>${id}</imageId></launchSpecification></item></spotInstanceRequestSet>`,
      ),
  ],
];
