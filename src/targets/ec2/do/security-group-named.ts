import { DescribeSecurityGroupsCommand, type SecurityGroup } from "@aws-sdk/client-ec2";
import type { Aws } from "./aws.js";

/** The security groups of this name, whoever made them; in one VPC when given. */
export async function securityGroupsNamed(aws: Aws, name: string, vpc?: string): Promise<SecurityGroup[]> {
  const filters = [
    { Name: "group-name", Values: [name] },
    ...(vpc === undefined ? [] : [{ Name: "vpc-id", Values: [vpc] }]),
  ];
  const { SecurityGroups = [] } = await aws.ec2.send(new DescribeSecurityGroupsCommand({ Filters: filters }));
  return SecurityGroups;
}

/** The one in this VPC: a name is given there once. */
export async function securityGroupNamed(
  aws: Aws,
  name: string,
  vpc: string,
): Promise<SecurityGroup | undefined> {
  return (await securityGroupsNamed(aws, name, vpc))[0];
}
