import { paginateDescribeSecurityGroups, type Filter, type SecurityGroup } from "@aws-sdk/client-ec2";
import { packersDescription } from "../compute/leftovers.js";
import type { Aws } from "./aws.js";

/** The security groups that Packer has created, for anybody; optionally only those with these ids. */
export async function packersGroups(aws: Aws, ids?: readonly string[]): Promise<SecurityGroup[]> {
  const Filters: Filter[] = [
    { Name: "description", Values: [packersDescription] },
    ...(ids === undefined ? [] : [{ Name: "group-id", Values: [...ids] }]),
  ];
  const found: SecurityGroup[] = [];
  for await (const page of paginateDescribeSecurityGroups({ client: aws.ec2, pageSize: 1000 }, { Filters }))
    found.push(...(page.SecurityGroups ?? []));
  return found;
}
