import type * as autoscaling from "@aws-sdk/client-auto-scaling";
import type * as cloudwatch from "@aws-sdk/client-cloudwatch";
import type * as ec2 from "@aws-sdk/client-ec2";
import type * as route53 from "@aws-sdk/client-route-53";
import type * as ssm from "@aws-sdk/client-ssm";

/** All AWS calls by which the operator's commands change something, with input and output: the complete list of what they can do. */
export interface Changes {
  "ec2:AllocateAddress": Call<ec2.AllocateAddressCommandInput, ec2.AllocateAddressCommandOutput>;
  "ec2:AssociateAddress": Call<ec2.AssociateAddressCommandInput, ec2.AssociateAddressCommandOutput>;
  "ec2:AuthorizeSecurityGroupIngress": Call<ec2.AuthorizeSecurityGroupIngressCommandInput>;
  "ec2:CreateLaunchTemplate": Call<
    ec2.CreateLaunchTemplateCommandInput,
    ec2.CreateLaunchTemplateCommandOutput
  >;
  "ec2:CreateLaunchTemplateVersion": Call<
    ec2.CreateLaunchTemplateVersionCommandInput,
    ec2.CreateLaunchTemplateVersionCommandOutput
  >;
  "ec2:CreateSecurityGroup": Call<ec2.CreateSecurityGroupCommandInput, ec2.CreateSecurityGroupCommandOutput>;
  "ec2:CreateTags": Call<ec2.CreateTagsCommandInput>;
  "ec2:DeleteKeyPair": Call<ec2.DeleteKeyPairCommandInput>;
  "ec2:DeleteLaunchTemplate": Call<ec2.DeleteLaunchTemplateCommandInput>;
  "ec2:DeleteLaunchTemplateVersions": Call<
    ec2.DeleteLaunchTemplateVersionsCommandInput,
    ec2.DeleteLaunchTemplateVersionsCommandOutput
  >;
  "ec2:DeleteTags": Call<ec2.DeleteTagsCommandInput>;
  "ec2:DeleteSecurityGroup": Call<ec2.DeleteSecurityGroupCommandInput>;
  "ec2:DeleteSnapshot": Call<ec2.DeleteSnapshotCommandInput>;
  "ec2:DeleteVolume": Call<ec2.DeleteVolumeCommandInput>;
  "ec2:DeregisterImage": Call<ec2.DeregisterImageCommandInput>;
  "ec2:DisableImage": Call<ec2.DisableImageCommandInput>;
  "ec2:EnableImage": Call<ec2.EnableImageCommandInput>;
  "ec2:EnableImageDeprecation": Call<ec2.EnableImageDeprecationCommandInput>;
  "ec2:ModifyImageAttribute": Call<ec2.ModifyImageAttributeCommandInput>;
  "ec2:ModifyInstanceMetadataOptions": Call<ec2.ModifyInstanceMetadataOptionsCommandInput>;
  "ec2:ModifyLaunchTemplate": Call<ec2.ModifyLaunchTemplateCommandInput>;
  "ec2:ReleaseAddress": Call<ec2.ReleaseAddressCommandInput>;
  "ec2:RevokeSecurityGroupIngress": Call<ec2.RevokeSecurityGroupIngressCommandInput>;
  "ec2:RunInstances": Call<ec2.RunInstancesCommandInput, ec2.RunInstancesCommandOutput>;
  "ec2:StartInstances": Call<ec2.StartInstancesCommandInput>;
  "ec2:StopInstances": Call<ec2.StopInstancesCommandInput>;
  "ec2:TerminateInstances": Call<ec2.TerminateInstancesCommandInput>;
  "autoscaling:CreateAutoScalingGroup": Call<autoscaling.CreateAutoScalingGroupCommandInput>;
  "autoscaling:CreateOrUpdateTags": Call<autoscaling.CreateOrUpdateTagsCommandInput>;
  "autoscaling:DeleteAutoScalingGroup": Call<autoscaling.DeleteAutoScalingGroupCommandInput>;
  "autoscaling:DeleteLifecycleHook": Call<autoscaling.DeleteLifecycleHookCommandInput>;
  "autoscaling:DeletePolicy": Call<autoscaling.DeletePolicyCommandInput>;
  "autoscaling:DeleteTags": Call<autoscaling.DeleteTagsCommandInput>;
  "autoscaling:DeleteWarmPool": Call<autoscaling.DeleteWarmPoolCommandInput>;
  "autoscaling:CancelInstanceRefresh": Call<autoscaling.CancelInstanceRefreshCommandInput>;
  "autoscaling:PutLifecycleHook": Call<autoscaling.PutLifecycleHookCommandInput>;
  "autoscaling:PutScalingPolicy": Call<autoscaling.PutScalingPolicyCommandInput>;
  "autoscaling:PutWarmPool": Call<autoscaling.PutWarmPoolCommandInput>;
  "autoscaling:RollbackInstanceRefresh": Call<autoscaling.RollbackInstanceRefreshCommandInput>;
  "autoscaling:StartInstanceRefresh": Call<
    autoscaling.StartInstanceRefreshCommandInput,
    autoscaling.StartInstanceRefreshCommandOutput
  >;
  "autoscaling:UpdateAutoScalingGroup": Call<autoscaling.UpdateAutoScalingGroupCommandInput>;
  "cloudwatch:DeleteAlarms": Call<cloudwatch.DeleteAlarmsCommandInput>;
  "cloudwatch:PutMetricAlarm": Call<cloudwatch.PutMetricAlarmCommandInput>;
  "cloudwatch:TagResource": Call<cloudwatch.TagResourceCommandInput>;
  "route53:ChangeResourceRecordSets": Call<route53.ChangeResourceRecordSetsCommandInput>;
  "ssm:DeleteParameter": Call<ssm.DeleteParameterCommandInput>;
  "ssm:PutParameter": Call<ssm.PutParameterCommandInput, ssm.PutParameterCommandOutput>;
}

interface Call<Input, Output = unknown> {
  input: Input;
  /** Present only if the answer is used. */
  output: Output;
}

export type Action = keyof Changes;
export type InputOf<A extends Action> = Changes[A]["input"];
/** An answer without the SDK's metadata. */
export type OutputOf<A extends Action> = Omit<Changes[A]["output"], "$metadata">;

/** Placeholder in planned calls for an id that an earlier call will return. */
export const newSecurityGroup = "(the new security group)";

/** One planned call. */
export type PlannedCall = { [A in Action]: { action: A; input: InputOf<A> } }[Action];

export function planned<A extends Action>(action: A, input: InputOf<A>): PlannedCall {
  return { action, input } as unknown as PlannedCall;
}
