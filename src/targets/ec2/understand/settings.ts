import {
  accountId,
  awsRegion,
  imageNameFilter,
  imageOwner,
  instanceProfile,
  instanceType,
  kmsKey,
  kmsKeysByRegion,
  parameterName,
  regions,
  resourceId,
} from "./kinds.js";
import { optional, withDefault } from "../../../understand/settings/setting.js";
import {
  bakedTags,
  cidr,
  flag,
  integer,
  listOf,
  oneOf,
  tags,
  text,
} from "../../../understand/settings/types.js";
import { usualType } from "./architecture.js";

/** Debian's account for its official AMIs (https://wiki.debian.org/Cloud/AmazonEC2Image). */
const debianOwner = "136693071363";

const usualTypes = { defaultText: `\`${usualType.amd64}\`, of arm64 \`${usualType.arm64}\`` };

export const imageEc2Settings = {
  region: optional(awsRegion, "Region in which the AMI is baked.", {
    defaultText: "AWS_REGION, or that of the AWS profile",
  }),
  base_owner: withDefault(
    imageOwner,
    debianOwner,
    "Account that owns the base AMI. The default is Debian's.",
  ),
  base_name: optional(
    imageNameFilter,
    "Name of the base AMI. Of several matches the newest is used, and its id is recorded. No effect when image.base is an AMI id.",
    { defaultText: "`BASE-ARCHITECTURE-*`, as Debian names its AMIs" },
  ),
  ssh_username: withDefault(
    text({ rule: "a login name", pattern: /^[a-z_][a-z0-9_-]{0,31}$/ }),
    "admin",
    "Login of the base AMI.",
  ),
  instance_type: withDefault(instanceType, usualType.amd64, "Type of the builder instance.", usualTypes),
  vpc_id: optional(resourceId("vpc"), "VPC of the builder."),
  subnet_id: optional(resourceId("subnet"), "Subnet of the builder."),
  associate_public_ip_address: optional(flag, "Assign a public address to the builder."),
  ssh_interface: withDefault(
    oneOf("public_ip", "private_ip", "session_manager"),
    "public_ip",
    "How Packer reaches the builder.",
  ),
  ssh_networks: withDefault(
    listOf(cidr),
    [],
    "Networks that may connect to the builder's SSH port; all networks if unset.",
  ),
  iam_instance_profile: optional(
    instanceProfile,
    "Instance profile of the builder (session_manager needs one).",
  ),
  spot_price: optional(
    text({ rule: '"auto" or a price in USD', pattern: /^(auto|\d+(\.\d+)?)$/ }),
    "Use a spot instance as builder.",
  ),
  volume_size: withDefault(integer(4, 1024, { unit: "GiB" }), 8, "Size of the AMI's root volume in GiB."),
  encrypt_boot: withDefault(flag, true, "Encrypt the AMI's snapshot."),
  kms_key_id: optional(kmsKey, "KMS key for the encryption.", { defaultText: "the account's own for EBS" }),
  region_kms_key_ids: withDefault(
    kmsKeysByRegion,
    {},
    "KMS keys for the encryption of the copies, by region.",
  ),
  ami_regions: withDefault(regions, [], "Regions that the AMI is copied to."),
  ami_users: withDefault(listOf(accountId), [], "Accounts that may launch the AMI."),
  ami_org_arns: withDefault(
    listOf(text({ rule: "an organization's ARN", pattern: /^arn:aws[\w-]*:organizations::\d{12}:[\w/-]+$/ })),
    [],
    "Organizations that may launch the AMI.",
  ),
  deprecate_after_days: optional(
    integer(1, 3650, { unit: "days" }),
    "Days after which the AMI is marked as deprecated.",
  ),
  ami_parameter: optional(
    parameterName,
    "SSM parameter in which `sip-proxy image promote` publishes the AMI's id.",
    { defaultText: "/sip-proxy/FLEET/ami, of arm64 /sip-proxy/FLEET/ami-arm64" },
  ),
  tags: withDefault(bakedTags, {}, "Tags of the AMI and its snapshots."),
};

/** Settings of EC2 instances, for single hosts and groups. */
export const launchEc2Settings = {
  region: optional(awsRegion, "Region of the instances.", {
    defaultText: "the image's region",
  }),
  ami: optional(text({ rule: "an AMI id", pattern: /^ami-[0-9a-f]{8,17}$/ }), "AMI to launch.", {
    defaultText: "the promoted AMI",
  }),
  instance_type: withDefault(instanceType, usualType.amd64, "Type of the instances.", usualTypes),
  vpc_id: optional(resourceId("vpc"), "VPC in which the security group is created."),
  subnets: withDefault(
    listOf(resourceId("subnet")),
    [],
    "Subnets of single hosts. A host is placed in the subnet that contains its private_ip_address; hosts with auto are spread over all.",
  ),
  security_group_ids: withDefault(listOf(resourceId("sg")), [], "Security groups of the instances."),
  create_security_group: withDefault(
    flag,
    false,
    "Create a security group that admits SIP and RTP from the trusted networks and the recorders only, http_port from http_allow, and SSH from ssh_networks.",
  ),
  recorder_networks: withDefault(
    listOf(cidr),
    [],
    "Networks of the recorders for this security group (EC2 allows 60 rules); if unset, the address of each recorder.",
  ),
  elastic_ip: withDefault(
    flag,
    true,
    "Associate an Elastic IP with each single host: the one in public_ip_address, or with auto a newly allocated and tagged one. Set it to false if a NAT gateway is in front of the hosts.",
  ),
  associate_public_ip_address: optional(
    flag,
    "Assign a public address from the subnet to instances, until they have an Elastic IP.",
    { defaultText: "the subnet's setting" },
  ),
  key_name: optional(text({ rule: "a key pair name", pattern: /^[ -~]{1,255}$/ }), "Key pair for SSH."),
  iam_instance_profile: optional(instanceProfile, "Instance profile; secret references and groups need one."),
  ssm_agent: withDefault(
    flag,
    false,
    "The image contains the SSM agent: the policies that `iam-policy` prints then allow commands with --target ec2 through SSM, for the hosts' role and for operators.",
  ),
  host_endpoint_url: optional(
    text({
      rule: "a URL such as http://10.0.0.5:4566, without a path",
      pattern: /^https?:\/\/[A-Za-z0-9.-]+(:[1-9]\d{0,4})?$/,
    }),
    "Endpoint of all AWS services for the hosts, such as an emulator.",
    { variable: "AWS_ENDPOINT_URL", defaultText: "each service's own endpoint in the region, over HTTPS" },
  ),
  volume_size: withDefault(integer(4, 1024, { unit: "GiB" }), 8, "Size of the root volume in GiB."),
  volume_iops: optional(integer(3000, 80_000), "IOPS of the root volume (gp3).", { defaultText: "3000" }),
  volume_throughput: optional(
    integer(125, 2000, { unit: "MiB/s" }),
    "Throughput of the root volume (gp3) in MiB/s.",
    { defaultText: "125" },
  ),
  kms_key_id: optional(kmsKey, "KMS key for the volume's encryption."),
  tags: withDefault(tags, {}, "Tags of the instances and their volumes."),
};
