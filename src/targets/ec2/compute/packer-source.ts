import type { Fleet } from "../../../understand/fleet.js";
import { isAmi } from "../../../understand/settings/base.js";
import type { Architecture } from "../../../understand/settings/architecture.js";
import { ec2Name } from "../understand/architecture.js";
import { architectureSuffix, builderName, tagKey } from "./names.js";
import { hclText } from "../../../compute/quote/hcl.js";
import type { PackerBuilder, PackerVariable } from "../../../compute/image/packer-builder.js";
import type { PackerDialect } from "../../../compute/image/packer-dialect.js";

type Ec2Image = NonNullable<Fleet["image"]["targets"]["ec2"]>;

/** The builder of an AMI in Packer's template; undefined if the fleet has no AMIs. */
export function ec2PackerBuilder(fleet: Fleet, dialect: PackerDialect): PackerBuilder | undefined {
  const { ec2 } = fleet.image.targets;
  const { base } = fleet.image;
  if (!ec2 || typeof base !== "string") return undefined;
  const source = ec2Source(fleet.name, { ...fleet.image, base }, ec2, dialect);
  return { type: "amazon-ebs", source, variables: ec2Variables(ec2), files: [] };
}

/** The template's variables for EC2. Their defaults allow `packer build` with the output of `sip-proxy render`. */
function ec2Variables(ec2: Ec2Image): Record<string, PackerVariable> {
  return {
    region: {
      default: ec2.region ?? "",
      description: "Region in which the AMI is baked; empty: AWS_REGION, or that of the AWS profile.",
    },
    source_ami: {
      default: "",
      description: "Id of the base AMI, besides the filter; empty: its newest match.",
    },
    root_device: { default: "/dev/xvda", description: "The base AMI's root device." },
    build_key: { default: "", description: "Names the image's content; becomes the tag sip-proxy:key." },
    ec2_endpoint: { default: "", description: "Address of the EC2 API; empty: AWS' own." },
  };
}

/** Packer's amazon-ebs builder. Dialect "current" adds options that 1.6 does not have. */
function ec2Source(
  fleet: string,
  image: Fleet["image"] & { base: string },
  ec2: Ec2Image,
  dialect: PackerDialect,
): object {
  const tags = { Name: `sip-proxy-${fleet}`, [tagKey.fleet]: fleet, ...ec2.tags };
  const keyed = { ...textTags(tags), [tagKey.key]: "${var.build_key}" };
  return {
    region: "${var.region}",
    custom_endpoint_ec2: "${var.ec2_endpoint}",
    // with milliseconds: EC2 refuses duplicate names, and two bakes may begin in the same second
    ami_name: `sip-proxy-${fleet}${architectureSuffix(image.architecture)}-{{isotime "20060102-150405.000"}}`,
    ami_description: hclText(`Kamailio and ${image.media_relay} for the fleet ${fleet}`),
    ...baseImage(image.base, image.architecture, ec2),
    ...instanceType(ec2),
    ...network(ec2),
    ...endOfItself,
    ...encryption(ec2),
    ami_regions: ec2.ami_regions,
    ami_users: ec2.ami_users,
    launch_block_device_mappings: [rootVolume(ec2)],
    ...communicator(fleet, ec2),
    tags: keyed,
    snapshot_tags: keyed,
    run_tags: { ...keyed, Name: builderName(fleet) },
    run_volume_tags: keyed,
    ...(dialect === "current" ? currentOptions(ec2) : {}),
  };
}

/** Options that 1.6 does not have. With 1.6, API calls do the same: to the builder at the first step, to the AMI at the end. */
function currentOptions({ ami_org_arns }: Ec2Image): object {
  return {
    metadata_options: { http_endpoint: "enabled", http_tokens: "required", http_put_response_hop_limit: 1 },
    imds_support: "v2.0",
    ...(ami_org_arns.length === 0 ? {} : { ami_org_arns }),
  };
}

/** Minutes within which every bake ends. */
export const bakeMinutes = 90;

/** Hours after which a builder ends in any case. */
export const bakeLimitHours = 6;

/**
 * A bake that is killed, or whose machine loses its network, cannot end its builder. So the builder powers itself off by a transient timer:
 * EC2 then terminates it, but not if Packer stops it through the API. The timer is only in memory; verify checks that no image has it.
 */
const endOfItself = {
  shutdown_behavior: "terminate",
  user_data: `#!/bin/sh\nexec systemd-run --unit=sip-proxy-bake-limit --on-active=${bakeLimitHours}h systemctl poweroff\n`,
};

function communicator(fleet: string, { ssh_interface, ssh_username, ssh_networks }: Ec2Image): object {
  return {
    communicator: "ssh",
    ssh_interface,
    ssh_username,
    ssh_clear_authorized_keys: true,
    temporary_key_pair_name: `${builderName(fleet)}-{{uuid}}`,
    ...(ssh_networks.length === 0 ? {} : { temporary_security_group_source_cidrs: ssh_networks }),
  };
}

function network(ec2: Ec2Image): object {
  return given({
    vpc_id: ec2.vpc_id,
    subnet_id: ec2.subnet_id,
    associate_public_ip_address: ec2.associate_public_ip_address,
    iam_instance_profile: ec2.iam_instance_profile && hclText(ec2.iam_instance_profile),
  });
}

function encryption({ encrypt_boot, kms_key_id, region_kms_key_ids, ami_regions }: Ec2Image): object {
  // Packer requires a key for every region or for none; an empty one means the account's default key
  const copies = Object.fromEntries(ami_regions.map((region) => [region, region_kms_key_ids[region] ?? ""]));
  const keys = Object.keys(region_kms_key_ids).length === 0 ? undefined : copies;
  return { encrypt_boot, ...given({ kms_key_id, region_kms_key_ids: keys }) };
}

function rootVolume({ volume_size }: Ec2Image): object {
  return {
    device_name: "${var.root_device}",
    volume_size,
    volume_type: "gp3",
    // the default of gp3: Packer 1.6 treats a missing value as 0, and refuses it
    iops: 3000,
    throughput: 125,
    delete_on_termination: true,
  };
}

/** A spot builder needs a list of types. Only an AMI from an on-demand builder can be marked for enhanced networking. */
function instanceType({ instance_type, spot_price }: Ec2Image): object {
  return spot_price === undefined
    ? { instance_type, ena_support: true }
    : { spot_price, spot_instance_types: [instance_type] };
}

/** The filter to find the base, in the EC2 API's terms; undefined if the fleet names an AMI by its id. */
export function baseFilter(
  base: string,
  architecture: Architecture,
  { base_owner, base_name }: Pick<Ec2Image, "base_owner" | "base_name">,
): { owner: string; filters: Record<string, string> } | undefined {
  if (isAmi(base)) return undefined;
  const filters = {
    name: base_name ?? `${base}-${architecture}-*`,
    architecture: ec2Name[architecture],
    "root-device-type": "ebs",
    "virtualization-type": "hvm",
  };
  return { owner: base_owner, filters };
}

/** With an id in source_ami too, only that AMI matches: so the bake pins the AMI that it has found. */
function baseImage(base: string, architecture: Architecture, ec2: Ec2Image): object {
  const filter = baseFilter(base, architecture, ec2);
  if (!filter) return { source_ami: base };
  return {
    source_ami: "${var.source_ami}",
    source_ami_filter: { filters: filter.filters, owners: [filter.owner], most_recent: true },
  };
}

function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function textTags(tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [hclText(name), hclText(value)]));
}
