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

/** Properties of the AMI that a launch needs. */
export interface Ami {
  id: string;
  rootDevice: string;
}

/** Data for an instance that is not in the fleet file: resources that were looked up or created for it. */
export interface InstanceParts {
  ami: Ami;
  subnetId: string | undefined;
  securityGroupIds: readonly string[];
  /** In the form that EC2 gets: gzip. */
  userData: Buffer;
}

/**
 * The request for one host. `formerInstances`: ended instances of the same host. They are part of the client token, because EC2 would
 * answer a used token with the ended instance.
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

/** Only IMDSv2, and only from the instance itself: a hop limit of 1 excludes containers and forwarded requests. */
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

/** gp3 and encrypted, by default with the account's key for EBS. */
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
  // A host that waits for its Elastic IP must not advertise another address, which it would lose.
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

/** A client token of at most 64 characters: the same request gives the same token, so that sent twice it creates one resource. */
export function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 64);
}
