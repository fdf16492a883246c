import {
  DescribeSubnetsCommand,
  type DescribeSubnetsCommandInput,
  type Subnet as Ec2Subnet,
} from "@aws-sdk/client-ec2";
import type { Subnet } from "../compute/subnet.js";
import type { Aws } from "./aws.js";
import { filterPages } from "./chunks.js";

/** The subnets with these ids, in this order. Throws if one does not exist. */
export async function describeSubnets(aws: Aws, ids: readonly string[]): Promise<Subnet[]> {
  if (ids.length === 0) return [];
  return inOrder(ids, await subnetsWhere(aws, { SubnetIds: [...ids] }));
}

/** The existing ones of these subnets, in this order. */
export async function subnetsThere(aws: Aws, ids: readonly string[]): Promise<Subnet[]> {
  if (ids.length === 0) return [];
  const pages = filterPages([{ Name: "subnet-id", Values: [...ids] }]);
  const found = await Promise.all(pages.map((Filters) => subnetsWhere(aws, { Filters })));
  return inOrder(ids, found.flat());
}

async function subnetsWhere(aws: Aws, input: DescribeSubnetsCommandInput): Promise<Ec2Subnet[]> {
  return (await aws.ec2.send(new DescribeSubnetsCommand(input))).Subnets ?? [];
}

function inOrder(ids: readonly string[], subnets: readonly Ec2Subnet[]): Subnet[] {
  const found = subnets.map(({ SubnetId = "", CidrBlock = "", AvailabilityZone = "", VpcId = "" }) => ({
    id: SubnetId,
    cidr: CidrBlock,
    zone: AvailabilityZone,
    vpcId: VpcId,
  }));
  return ids.flatMap((id) => found.find((subnet) => subnet.id === id) ?? []);
}
