import { DescribeAccountAttributesCommand, RunInstancesCommand } from "@aws-sdk/client-ec2";
import type { _InstanceType, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import type { UserError } from "../../../../errors.js";
import type { Fault } from "../../../../understand/fault.js";
import type { Fleet, Host } from "../../../../understand/fleet.js";
import { groupTypes } from "../../compute/group/mixed.js";
import { login } from "../../compute/instance.js";
import { elasticIps, addressesOfHost } from "../addresses.js";
import type { Aws } from "../aws.js";
import { AwsError, isRefusal } from "../errors.js";
import { describeAmi, promotedAmi } from "../images.js";

/** Single hosts that get an Elastic IP. */
const addressed = ({ launch, hosts }: Fleet): Host[] =>
  launch.ec2.elastic_ip ? hosts.filter(({ kind }) => kind !== "group") : [];

/** Addresses in the file must be Elastic IPs of the account. */
export async function addressesAreThere(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const given = addressed(fleet).filter(({ public_ip_address }) => public_ip_address !== "auto");
  if (given.length === 0) return [];
  const Values = given.map(({ public_ip_address }) => public_ip_address);
  const there = new Set((await elasticIps(aws, [{ Name: "public-ip", Values }])).map((one) => one.publicIp));
  return given
    .filter(({ public_ip_address }) => !there.has(public_ip_address))
    .map(({ name, public_ip_address }) => ({
      path: ["proxies", name, "public_ip_address"],
      message: `must be an Elastic IP of this account in ${aws.region}; got ${public_ip_address}`,
      hint: "allocate or transfer it, or set launch.ec2.elastic_ip: false if a NAT gateway has that address",
    }));
}

/** The account's quota of Elastic IPs must have room for those that `launch` allocates. */
export async function quotaOfAddresses(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const auto = addressed(fleet).filter(({ public_ip_address }) => public_ip_address === "auto");
  if (auto.length === 0) return [];
  const own = await Promise.all(auto.map((host) => addressesOfHost(aws, fleet, host)));
  const needed = own.filter((addresses) => addresses.length === 0).length;
  const limit = await addressLimit(aws);
  const free = limit === undefined ? Infinity : limit - (await elasticIps(aws, [])).length;
  if (needed <= free) return [];
  return [
    {
      path: ["launch", "ec2", "elastic_ip"],
      severity: "warning",
      message: `needs ${needed} more Elastic IPs for hosts with public_ip_address: auto; the account's limit (${limit}) leaves ${Math.max(0, free)}`,
      hint: "request a higher quota in the Service Quotas console, or release unused addresses",
    },
  ];
}

async function addressLimit(aws: Aws): Promise<number | undefined> {
  const { AccountAttributes = [] } = await aws.ec2.send(
    new DescribeAccountAttributesCommand({ AttributeNames: ["vpc-max-elastic-ips" as never] }),
  );
  const values = AccountAttributes.find(({ AttributeName }) => AttributeName === "vpc-max-elastic-ips");
  const limit = Number(values?.AttributeValues?.[0]?.AttributeValue);
  return Number.isInteger(limit) ? limit : undefined;
}

/**
 * A dry run of a launch: EC2 checks whether this user may launch, may pass the profile's role to the instance, and whether the profile
 * exists. No other call of EC2 checks this.
 */
export async function launchIsAllowed(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const { ec2 } = fleet.launch;
  const id = ec2.ami ?? (await promotedAmi(aws, fleet));
  if (ec2.iam_instance_profile === undefined || id === undefined || !(await describeAmi(aws, id))) return [];
  const subnet = ec2.subnets[0] ?? fleet.group?.subnets[0];
  const [type = ec2.instance_type] = fleet.group ? groupTypes(fleet.group, fleet.launch) : [];
  const request = {
    ImageId: id,
    InstanceType: type as _InstanceType,
    MinCount: 1,
    MaxCount: 1,
    ...login({ ...ec2, key_name: undefined }),
    ...(subnet === undefined ? {} : { SubnetId: subnet }),
  };
  const error: UserError | undefined = await refusalOfLaunch(aws, request);
  if (error === undefined) return [];
  if (!isRefusal(error)) throw error;
  if (!/iam|profile/i.test(error.message)) return [];
  const message = `must be an instance profile of this account; got ${ec2.iam_instance_profile}: ${error.message}`;
  const hint = "sip-proxy iam-policy FLEET prints the policy of its role";
  return [{ path: ["launch", "ec2", "iam_instance_profile"], message, hint }];
}

/** EC2's reason to refuse a launch, by a dry run; undefined if it would be allowed. */
export async function refusalOfLaunch(
  aws: Aws,
  request: RunInstancesCommandInput,
): Promise<AwsError | undefined> {
  try {
    await aws.ec2.send(new RunInstancesCommand({ ...request, DryRun: true }));
    return undefined;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return error.code === "DryRunOperation" ? undefined : error;
  }
}
