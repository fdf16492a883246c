import { DescribeSecurityGroupsCommand, type SecurityGroup } from "@aws-sdk/client-ec2";
import type { Aws } from "./aws.js";

/** The security groups with this name, whoever created them; optionally in one VPC. */
export async function securityGroupsNamed(aws: Aws, name: string, vpc?: string): Promise<SecurityGroup[]> {
  const filters = [
    { Name: "group-name", Values: [name] },
    ...(vpc === undefined ? [] : [{ Name: "vpc-id", Values: [vpc] }]),
  ];
  const { SecurityGroups = [] } = await aws.ec2.send(new DescribeSecurityGroupsCommand({ Filters: filters }));
  return SecurityGroups;
}

/** The security group with this name in a VPC, where names are unique. */
export async function securityGroupNamed(
  aws: Aws,
  name: string,
  vpc: string,
): Promise<SecurityGroup | undefined> {
  return (await securityGroupsNamed(aws, name, vpc))[0];
}
