import { DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import type { Subnet } from "../compute/subnet.js";
import type { Aws } from "./aws.js";

/** The subnets of these ids, in their order. */
export async function describeSubnets(aws: Aws, ids: readonly string[]): Promise<Subnet[]> {
  if (ids.length === 0) return [];
  const { Subnets = [] } = await aws.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...ids] }));
  const found = Subnets.map(({ SubnetId = "", CidrBlock = "", AvailabilityZone = "", VpcId = "" }) => ({
    id: SubnetId,
    cidr: CidrBlock,
    zone: AvailabilityZone,
    vpcId: VpcId,
  }));
  return ids.flatMap((id) => found.find((subnet) => subnet.id === id) ?? []);
}
