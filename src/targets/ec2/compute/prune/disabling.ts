import type { LaunchPermission } from "@aws-sdk/client-ec2";
import { planned, type PlannedCall } from "../calls.js";
import { sharesParameter, tagKey } from "../names.js";

/** Size limit in bytes of an SSM parameter in the advanced tier. */
const parameterLimit = 8192;

/** The launch permissions as a parameter's value; undefined if they are too large for one. */
export function packShares(shares: readonly LaunchPermission[]): string | undefined {
  const text = JSON.stringify(shares);
  return Buffer.byteLength(text) > parameterLimit ? undefined : text;
}

/**
 * The calls that disable an AMI. They can be interrupted anywhere. EC2 removes its launch permissions and does not restore them, so they
 * are recorded first. `shares`: the result of packShares(); undefined if the AMI is not shared.
 */
export function disablingCalls(
  fleet: string,
  id: string,
  shares: string | undefined,
  now: Date,
): PlannedCall[] {
  return [
    ...(shares === undefined
      ? []
      : [
          planned("ssm:PutParameter", {
            Name: sharesParameter(fleet, id),
            Value: shares,
            Type: "String",
            Tier: "Intelligent-Tiering",
            Overwrite: true,
          }),
        ]),
    planned("ec2:CreateTags", {
      Resources: [id],
      Tags: [{ Key: tagKey.disabled, Value: now.toISOString() }],
    }),
    planned("ec2:DisableImage", { ImageId: id }),
  ];
}

/** The calls that enable it again. The tag is removed last: until then, the same calls can be repeated. */
export function enablingCalls(
  fleet: string,
  { id, state }: { id: string; state: string },
  shares: string | undefined,
): PlannedCall[] {
  const recorded = shares !== undefined;
  return [
    ...(state === "disabled" ? [planned("ec2:EnableImage", { ImageId: id })] : []),
    ...(recorded
      ? [
          planned("ec2:ModifyImageAttribute", {
            ImageId: id,
            LaunchPermission: { Add: JSON.parse(shares) as LaunchPermission[] },
          }),
        ]
      : []),
    planned("ec2:DeleteTags", { Resources: [id], Tags: [{ Key: tagKey.disabled }] }),
    ...(recorded ? [planned("ssm:DeleteParameter", { Name: sharesParameter(fleet, id) })] : []),
  ];
}
