import type { Path } from "../../../understand/fault.js";
import type { Fleet } from "../../../understand/fleet.js";

/** A setting with a KMS key, and the region in which the key encrypts. */
export interface NamedKey {
  path: Path;
  /** Id, alias or ARN. */
  key: string;
  region: string;
  /** True if other accounts launch what it encrypts. */
  shared: boolean;
}

/** `home`: the region of the instances. */
export function namedKeys({ image, launch }: Fleet, home: string): NamedKey[] {
  const { ec2 } = image.targets;
  const region = ec2?.region ?? home;
  const shared = ec2 !== undefined && ec2.ami_users.length + ec2.ami_org_arns.length > 0;
  const ofImage = ["image", "targets", "ec2"];
  const { kms_key_id: own } = launch.ec2;
  return [
    ...(ec2?.kms_key_id === undefined
      ? []
      : [{ path: [...ofImage, "kms_key_id"], key: ec2.kms_key_id, region, shared }]),
    ...Object.entries(ec2?.region_kms_key_ids ?? {}).map(([copy, key]) => ({
      path: [...ofImage, "region_kms_key_ids", copy],
      key,
      region: copy,
      shared,
    })),
    ...(own === undefined
      ? []
      : [{ path: ["launch", "ec2", "kms_key_id"], key: own, region: home, shared: false }]),
  ];
}
