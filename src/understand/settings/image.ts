import { z } from "zod";
import { relayNames } from "../../relay/registry.js";
import { cidr, flag, integer, listOf, oneOf, tags, text, type Kind } from "./types.js";
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
} from "./aws-kinds.js";
import { optional, withDefault } from "./setting.js";

const url = text({
  rule: "a URL starting with http:// or https://",
  pattern: /^https?:\/\/[^\s"'\\$]+$/,
  max: 500,
});

/** Where a source comes from; always pinned, but for a local copy, whose checksum goes into the manifest. */
export type SourceLocation =
  { url: string; sha256: string } | { git: string; commit: string } | { path: string };

const sourceRule = "one of { url, sha256 }, { git, commit } or { path }";

const sourceLocation: Kind<SourceLocation> = {
  rule: sourceRule,
  json: {
    oneOf: [
      {
        type: "object",
        required: ["url", "sha256"],
        additionalProperties: false,
        properties: { url: {}, sha256: {} },
      },
      {
        type: "object",
        required: ["git", "commit"],
        additionalProperties: false,
        properties: { git: {}, commit: {} },
      },
      {
        type: "object",
        required: ["path"],
        additionalProperties: false,
        properties: { path: { type: "string" } },
      },
    ],
  },
  schema: z.union(
    [
      z.strictObject({ url: url.schema, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      z.strictObject({ git: url.schema, commit: z.string().regex(/^[0-9a-f]{40}$/) }),
      z.strictObject({ path: z.string().min(1) }),
    ],
    { error: `${sourceRule} (sha256: 64 hex digits, commit: 40)` },
  ),
};

export const imageSettings = {
  base: withDefault(
    text({ rule: "debian-13, debian-12, or an AMI id", pattern: /^(debian-1[23]|ami-[0-9a-f]{8,17})$/ }),
    "debian-13",
    "What the image is made from: a Debian release, or for EC2 an AMI id.",
  ),
  kamailio_version: withDefault(
    text({
      rule: "distro, a branch such as 6.1, a tag such as 5.8.4, or one of them with apt: or git: before it",
      pattern: /^(distro|(apt:)?\d+\.\d+|(git:)?\d+\.\d+(\.\d+)?|git:[A-Za-z0-9][\w./-]{0,63})$/,
    }),
    "distro",
    "Kamailio: `distro` is the base's package; a branch that the Kamailio project packages comes from its apt repository, any other branch or tag from source.",
    { role: true },
  ),
  kamailio_source: optional(
    sourceLocation,
    "Where Kamailio's source comes from, when kamailio_version is built from source.",
    { defaultText: "its git repository, at the branch or tag" },
  ),
  rtpproxy_version: withDefault(
    text({ rule: "a tag of RTPProxy such as v3.2.0", pattern: /^v\d+\.\d+(\.\d+)?$/ }),
    "v3.2.0",
    "Release of RTPProxy to build.",
  ),
  rtpproxy_source: optional(sourceLocation, "Where RTPProxy's source comes from.", {
    defaultText: "its git repository, at the commit of the release",
  }),
  media_relay: withDefault(oneOf(...relayNames()), "rtpproxy", "Which media relay is in the image.", {
    variable: "MEDIA_RELAY",
  }),
  debian_mirror: withDefault(
    url,
    "http://deb.debian.org/debian",
    "Debian mirror for the base and its packages.",
  ),
  debian_security_mirror: withDefault(
    url,
    "http://deb.debian.org/debian-security",
    "Mirror of Debian's security updates.",
  ),
};

export const imageLocalSettings = {
  disk_size: withDefault(integer(2, 1024, { unit: "GiB" }), 4, "Size of the image's disk in GiB."),
  memory: withDefault(integer(512, 65536, { unit: "MiB" }), 2048, "Memory of the build VM in MiB."),
  cpus: withDefault(integer(1, 64), 2, "Processors of the build VM."),
};

/** Debian's account for its official AMIs (https://wiki.debian.org/Cloud/AmazonEC2Image). */
const debianOwner = "136693071363";

export const imageEc2Settings = {
  region: optional(awsRegion, "Region in which the AMI is baked.", {
    defaultText: "AWS_REGION, or that of the AWS profile",
  }),
  base_owner: withDefault(
    imageOwner,
    debianOwner,
    "Account whose AMIs the base is looked for among (Debian's own, unless given).",
  ),
  base_name: optional(
    imageNameFilter,
    "Name of the base AMI; of several the newest is taken, and its id recorded. Without effect where image.base is an AMI id.",
    { defaultText: "`BASE-amd64-*`, Debian's names" },
  ),
  ssh_username: withDefault(
    text({ rule: "a login name", pattern: /^[a-z_][a-z0-9_-]{0,31}$/ }),
    "admin",
    "Login of the base AMI.",
  ),
  instance_type: withDefault(instanceType, "c7i.large", "Type of the builder instance."),
  vpc_id: optional(resourceId("vpc"), "VPC of the builder."),
  subnet_id: optional(resourceId("subnet"), "Subnet of the builder."),
  associate_public_ip_address: optional(flag, "Give the builder a public address."),
  ssh_interface: withDefault(
    oneOf("public_ip", "private_ip", "session_manager"),
    "public_ip",
    "How Packer reaches the builder.",
  ),
  ssh_networks: withDefault(
    listOf(cidr),
    [],
    "Networks from which the builder's SSH may be reached while it runs; everywhere when none is given.",
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
    "SSM parameter under which `sip-proxy image promote` publishes the AMI's id.",
    { defaultText: "/sip-proxy/FLEET/ami" },
  ),
  tags: withDefault(tags, {}, "Tags of the AMI and its snapshots."),
};
