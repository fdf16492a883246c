import type { LaunchPermission } from "@aws-sdk/client-ec2";
import { planned, type PlannedCall } from "../calls.js";
import { sharesParameter, tagKey } from "../names.js";

/** Bytes that a parameter of the advanced tier holds. */
const parameterLimit = 8192;

/** The record of shares as a parameter's value; undefined when there are more than a parameter holds. */
export function packShares(shares: readonly LaunchPermission[]): string | undefined {
  const text = JSON.stringify(shares);
  return Buffer.byteLength(text) > parameterLimit ? undefined : text;
}

/**
 * The calls that disable an AMI, which can be broken off anywhere. EC2 takes its launch permissions away and does not give them back:
 * they are recorded first. `shares`: as packed; undefined when it is not shared.
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

/** The calls that undo it. The mark goes last: until then the same calls can be made again. */
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
