import { createHash } from "node:crypto";
import type {
  _InstanceType,
  InstanceNetworkInterfaceSpecification,
  RunInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import type { Fleet, Host, Launch } from "../../../understand/fleet.js";
import { userDataDigest } from "../../../compute/user-data/digest.js";
import { tagKey } from "./names.js";
import { hostTags, tagSpecifications } from "./tags.js";

/** The AMI, as far as an instance depends on it. */
export interface Ami {
  id: string;
  rootDevice: string;
}

/** What an instance is made of beyond the fleet file: what was looked up, or made, for it. */
export interface InstanceParts {
  ami: Ami;
  subnetId: string | undefined;
  securityGroupIds: readonly string[];
  /** As handed to EC2: gzip. */
  userData: Buffer;
}

/**
 * The request for one host. `formerInstances` are ended ones of the same host: a client token is good for one instance,
 * and one that was ended would be answered with that.
 */
export function runInstances(
  fleet: Fleet,
  host: Host,
  parts: InstanceParts,
  formerInstances: readonly string[],
): RunInstancesCommandInput {
  const request = instanceRequest(fleet, host, parts);
  return { ...request, ClientToken: digest([request, [...formerInstances].sort()]) };
}

/** The same without its client token. */
export function instanceRequest(fleet: Fleet, host: Host, parts: InstanceParts) {
  const { ec2 } = fleet.launch;
  const tags = { ...hostTags(fleet, host), [tagKey.userData]: userDataDigest(parts.userData) };
  return {
    ImageId: parts.ami.id,
    InstanceType: ec2.instance_type as _InstanceType,
    MinCount: 1,
    MaxCount: 1,
    ...login(ec2),
    NetworkInterfaces: [networkInterface(host, ec2, parts)],
    BlockDeviceMappings: [rootVolume(ec2, parts.ami)],
    MetadataOptions: metadataOptions,
    UserData: parts.userData.toString("base64"),
    TagSpecifications: tagSpecifications(tags, "instance", "volume", "network-interface"),
  } satisfies RunInstancesCommandInput;
}

/** IMDSv2 alone, and no further than the instance itself: a hop limit of 1 keeps containers and forwarded requests out. */
export const metadataOptions = {
  HttpEndpoint: "enabled",
  HttpTokens: "required",
  HttpPutResponseHopLimit: 1,
} as const;

export function login({ key_name, iam_instance_profile }: Launch["ec2"]) {
  return {
    ...(key_name === undefined ? {} : { KeyName: key_name }),
    ...(iam_instance_profile === undefined ? {} : { IamInstanceProfile: { Name: iam_instance_profile } }),
  };
}

/** gp3 and encrypted; with the account's own key unless one is named. */
export function rootVolume(ec2: Launch["ec2"], { rootDevice }: Ami) {
  const { volume_size, volume_iops, volume_throughput, kms_key_id } = ec2;
  return {
    DeviceName: rootDevice,
    Ebs: {
      VolumeSize: volume_size,
      VolumeType: "gp3",
      ...(volume_iops === undefined ? {} : { Iops: volume_iops }),
      ...(volume_throughput === undefined ? {} : { Throughput: volume_throughput }),
      Encrypted: true,
      ...(kms_key_id === undefined ? {} : { KmsKeyId: kms_key_id }),
      DeleteOnTermination: true,
    },
  } as const;
}

function networkInterface(
  host: Host,
  ec2: Launch["ec2"],
  { subnetId, securityGroupIds }: InstanceParts,
): InstanceNetworkInterfaceSpecification {
  // A host that waits for its Elastic IP must not see, and advertise, an address that it is about to lose.
  const associate = ec2.elastic_ip ? false : ec2.associate_public_ip_address;
  return {
    DeviceIndex: 0,
    DeleteOnTermination: true,
    ...(subnetId === undefined ? {} : { SubnetId: subnetId }),
    ...(securityGroupIds.length === 0 ? {} : { Groups: [...securityGroupIds] }),
    ...(host.private_ip_address === "auto" ? {} : { PrivateIpAddress: host.private_ip_address }),
    ...(associate === undefined ? {} : { AssociatePublicIpAddress: associate }),
  };
}

/** A client token: the same request gives the same one, so that sent twice it makes one thing. At most 64 characters. */
export function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 64);
}
