import type { Fleet } from "../../understand/fleet.js";
import type { Architecture } from "../../understand/settings/architecture.js";
import type { Exporter, Operations, RolePolicy, RolePolicyOptions, Target } from "../target.js";
import { groupVariables, keepsRecords } from "./compute/group/variables.js";
import { ec2PackerBuilder } from "./compute/packer-source.js";
import { usualType } from "./understand/architecture.js";
import { groupEc2Settings } from "./understand/group-settings.js";
import { ec2Rules } from "./understand/rules.js";
import { ec2SecretKinds } from "./understand/secret-kinds.js";
import { imageEc2Settings, launchEc2Settings } from "./understand/settings.js";

/** Defaults for hosts from their image: region, size of the volume, and an instance type of the image's architecture. */
function ofImage(
  { region, volume_size }: Record<string, unknown> = {},
  architecture: Architecture,
): Record<string, unknown> {
  return {
    ...ofArchitecture(architecture),
    ...(region === undefined ? {} : { region }),
    ...(volume_size === undefined ? {} : { volume_size }),
  };
}

const ofArchitecture = (architecture: Architecture) => ({ instance_type: usualType[architecture] });

/** AMIs, instances and autoscaling groups in an AWS account. */
export const ec2 = {
  noun: "EC2",
  image: {
    title: "Image, EC2 target",
    description: "An AMI.",
    settings: imageEc2Settings,
    onRequest: true,
    defaults: ofArchitecture,
  },
  launch: {
    title: "Launching on EC2",
    description: "As EC2 instances.",
    settings: launchEc2Settings,
    defaults: ofImage,
  },
  group: {
    title: "Group on EC2",
    settings: groupEc2Settings,
    variables: groupVariables,
    keepsRecords,
  },
  rules: ec2Rules,
  secretKinds: ec2SecretKinds,
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html: 16 KB, before base64
  userDataLimit: 16_384,
  releases: "also release its Elastic IP, and with the last host the security group",
  packerPlugins: { amazon: { source: "github.com/hashicorp/amazon", version: ">= 1.3.0" } },
  packerBuilder: ec2PackerBuilder,
  rolePolicy: async (fleet: Fleet, options: RolePolicyOptions): Promise<RolePolicy> =>
    (await import("./compute/policy/role-policy.js")).rolePolicy(fleet, options, process.env["AWS_REGION"]),
  exports: {
    cloudformation: async (): Promise<Exporter> =>
      (await import("./compute/cloudformation/export.js")).cloudFormation,
  },
  features: ["promote", "clean", "groups", "addresses", "roles", "reach", "roll", "check"],
  operations: async (): Promise<Operations> => (await import("./commands/operations.js")).operations,
} as const satisfies Target;
