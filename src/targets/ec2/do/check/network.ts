import { DescribeKeyPairsCommand, DescribeSecurityGroupsCommand } from "@aws-sdk/client-ec2";
import type { Fault, Path } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";
import type { Aws } from "../aws.js";
import { subnetsThere } from "../subnets.js";

/** The subnets in the file: first those of single hosts, then the group's. */
function namedSubnets({ launch, group }: Fleet): [Path, string][] {
  return [
    ...launch.ec2.subnets.map((id, index): [Path, string] => [["launch", "ec2", "subnets", index], id]),
    ...(group?.subnets ?? []).map((id, index): [Path, string] => [["group", "subnets", index], id]),
  ];
}

export async function subnetsAreThere(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const named = namedSubnets(fleet);
  const there = await subnetsThere(
    aws,
    named.map(([, id]) => id),
  );
  const vpcs = new Set(there.map(({ vpcId }) => vpcId));
  const vpc = fleet.launch.ec2.vpc_id ?? there[0]?.vpcId;
  return named.flatMap(([path, id]): Fault[] => {
    const subnet = there.find((one) => one.id === id);
    if (!subnet) return [{ path, message: `must be a subnet of this account in ${aws.region}; got ${id}` }];
    if (subnet.vpcId === vpc) return [];
    const message = `must be in the same VPC as the others (${vpc}); ${id} is in ${subnet.vpcId}`;
    return [{ path, message, hint: `all together are in ${[...vpcs].join(", ")}` }];
  });
}

/** Security groups must exist, and be in the VPC of the subnets. */
export async function securityGroupsAreThere(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const { security_group_ids: ids, vpc_id } = fleet.launch.ec2;
  if (ids.length === 0) return [];
  const [subnet] = await subnetsThere(
    aws,
    namedSubnets(fleet).map(([, id]) => id),
  );
  const vpc = vpc_id ?? subnet?.vpcId;
  const Filters = [{ Name: "group-id", Values: ids }];
  const { SecurityGroups = [] } = await aws.ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  return ids.flatMap((id, index): Fault[] => {
    const path = ["launch", "ec2", "security_group_ids", index];
    const group = SecurityGroups.find(({ GroupId }) => GroupId === id);
    if (!group)
      return [{ path, message: `must be a security group of this account in ${aws.region}; got ${id}` }];
    if (vpc === undefined || group.VpcId === vpc) return [];
    return [{ path, message: `must be in the VPC of the instances (${vpc}); ${id} is in ${group.VpcId}` }];
  });
}

export async function keyPairIsThere(aws: Aws, { launch }: Fleet): Promise<Fault[]> {
  const { key_name } = launch.ec2;
  if (key_name === undefined) return [];
  const Filters = [{ Name: "key-name", Values: [key_name] }];
  const { KeyPairs = [] } = await aws.ec2.send(new DescribeKeyPairsCommand({ Filters }));
  if (KeyPairs.some(({ KeyName }) => KeyName === key_name)) return [];
  const message = `must be a key pair in ${aws.region}; got ${key_name}`;
  return [{ path: ["launch", "ec2", "key_name"], message, hint: "create one with aws ec2 import-key-pair" }];
}
