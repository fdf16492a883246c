import { CreateTagsCommand, DescribeInstancesCommand, type Tag } from "@aws-sdk/client-ec2";
import { region, type Cloud } from "./cloud.js";

/** Parameters for unsigned calls to CloudFormation. */
const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/cloudformation/aws4_request, SignedHeaders=host, Signature=none`;

/** Creates the stack `voice`, or fails with the answer. */
export async function createStack(
  endpoint: string,
  template: string,
  parameters: Record<string, string>,
): Promise<void> {
  const body = new URLSearchParams({
    Action: "CreateStack",
    Version: "2010-05-15",
    StackName: "voice",
    TemplateBody: template,
    "Capabilities.member.1": "CAPABILITY_IAM",
  });
  for (const [place, [key, value]] of Object.entries(parameters).entries()) {
    body.set(`Parameters.member.${place + 1}.ParameterKey`, key);
    body.set(`Parameters.member.${place + 1}.ParameterValue`, value);
  }
  const answer = await fetch(endpoint, { method: "POST", headers: { authorization }, body });
  if (!answer.ok) throw new Error(`CreateStack: ${await answer.text()}`);
}

interface Resource {
  Type: string;
  Properties: { LaunchTemplateData?: { TagSpecifications: { ResourceType: string; Tags: Tag[] }[] } };
}

/** Adds the tags of the stack's launch template to instances, like EC2; moto does not (findings/moto-stack-template-tags.sh). */
export async function tagInstances({ ec2 }: Cloud, template: string): Promise<void> {
  const { Resources } = JSON.parse(template) as { Resources: Record<string, Resource> };
  const launch = Object.values(Resources).find(({ Type }) => Type === "AWS::EC2::LaunchTemplate");
  const ofInstances = launch?.Properties.LaunchTemplateData?.TagSpecifications.find(
    ({ ResourceType }) => ResourceType === "instance",
  );
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const ids = Reservations.flatMap(({ Instances = [] }) =>
    Instances.map(({ InstanceId = "" }) => InstanceId),
  );
  await ec2.send(new CreateTagsCommand({ Resources: ids, Tags: ofInstances?.Tags }));
}
