import * as autoscaling from "@aws-sdk/client-auto-scaling";
import * as cloudwatch from "@aws-sdk/client-cloudwatch";
import * as ec2 from "@aws-sdk/client-ec2";
import * as route53 from "@aws-sdk/client-route-53";
import * as ssm from "@aws-sdk/client-ssm";
import type { Action, InputOf, OutputOf } from "../compute/calls.js";
import type { Clients } from "./clients.js";

/** The function that makes each call. */
export const senders: { [A in Action]: (clients: Clients, input: InputOf<A>) => Promise<OutputOf<A>> } = {
  "ec2:AllocateAddress": (c, i) => c.ec2.send(new ec2.AllocateAddressCommand(i)),
  "ec2:AssociateAddress": (c, i) => c.ec2.send(new ec2.AssociateAddressCommand(i)),
  "ec2:AuthorizeSecurityGroupIngress": (c, i) => c.ec2.send(new ec2.AuthorizeSecurityGroupIngressCommand(i)),
  "ec2:CreateLaunchTemplate": (c, i) => c.ec2.send(new ec2.CreateLaunchTemplateCommand(i)),
  "ec2:CreateLaunchTemplateVersion": (c, i) => c.ec2.send(new ec2.CreateLaunchTemplateVersionCommand(i)),
  "ec2:CreateSecurityGroup": (c, i) => c.ec2.send(new ec2.CreateSecurityGroupCommand(i)),
  "ec2:CreateTags": (c, i) => c.ec2.send(new ec2.CreateTagsCommand(i)),
  "ec2:DeleteKeyPair": (c, i) => c.ec2.send(new ec2.DeleteKeyPairCommand(i)),
  "ec2:DeleteLaunchTemplate": (c, i) => c.ec2.send(new ec2.DeleteLaunchTemplateCommand(i)),
  "ec2:DeleteLaunchTemplateVersions": (c, i) => c.ec2.send(new ec2.DeleteLaunchTemplateVersionsCommand(i)),
  "ec2:DeleteSecurityGroup": (c, i) => c.ec2.send(new ec2.DeleteSecurityGroupCommand(i)),
  "ec2:DeleteSnapshot": (c, i) => c.ec2.send(new ec2.DeleteSnapshotCommand(i)),
  "ec2:DeleteTags": (c, i) => c.ec2.send(new ec2.DeleteTagsCommand(i)),
  "ec2:DeleteVolume": (c, i) => c.ec2.send(new ec2.DeleteVolumeCommand(i)),
  "ec2:DeregisterImage": (c, i) => c.ec2.send(new ec2.DeregisterImageCommand(i)),
  "ec2:DisableImage": (c, i) => c.ec2.send(new ec2.DisableImageCommand(i)),
  "ec2:EnableImage": (c, i) => c.ec2.send(new ec2.EnableImageCommand(i)),
  "ec2:EnableImageDeprecation": (c, i) => c.ec2.send(new ec2.EnableImageDeprecationCommand(i)),
  "ec2:ModifyImageAttribute": (c, i) => c.ec2.send(new ec2.ModifyImageAttributeCommand(i)),
  "ec2:ModifyInstanceMetadataOptions": (c, i) => c.ec2.send(new ec2.ModifyInstanceMetadataOptionsCommand(i)),
  "ec2:ModifyLaunchTemplate": (c, i) => c.ec2.send(new ec2.ModifyLaunchTemplateCommand(i)),
  "ec2:ReleaseAddress": (c, i) => c.ec2.send(new ec2.ReleaseAddressCommand(i)),
  "ec2:RevokeSecurityGroupIngress": (c, i) => c.ec2.send(new ec2.RevokeSecurityGroupIngressCommand(i)),
  "ec2:RunInstances": (c, i) => c.ec2.send(new ec2.RunInstancesCommand(i)),
  "ec2:StartInstances": (c, i) => c.ec2.send(new ec2.StartInstancesCommand(i)),
  "ec2:StopInstances": (c, i) => c.ec2.send(new ec2.StopInstancesCommand(i)),
  "ec2:TerminateInstances": (c, i) => c.ec2.send(new ec2.TerminateInstancesCommand(i)),
  "autoscaling:CreateAutoScalingGroup": (c, i) =>
    c.autoscaling.send(new autoscaling.CreateAutoScalingGroupCommand(i)),
  "autoscaling:CreateOrUpdateTags": (c, i) =>
    c.autoscaling.send(new autoscaling.CreateOrUpdateTagsCommand(i)),
  "autoscaling:DeleteAutoScalingGroup": (c, i) =>
    c.autoscaling.send(new autoscaling.DeleteAutoScalingGroupCommand(i)),
  "autoscaling:DeleteLifecycleHook": (c, i) =>
    c.autoscaling.send(new autoscaling.DeleteLifecycleHookCommand(i)),
  "autoscaling:DeletePolicy": (c, i) => c.autoscaling.send(new autoscaling.DeletePolicyCommand(i)),
  "autoscaling:DeleteTags": (c, i) => c.autoscaling.send(new autoscaling.DeleteTagsCommand(i)),
  "autoscaling:DeleteWarmPool": (c, i) => c.autoscaling.send(new autoscaling.DeleteWarmPoolCommand(i)),
  "autoscaling:CancelInstanceRefresh": (c, i) =>
    c.autoscaling.send(new autoscaling.CancelInstanceRefreshCommand(i)),
  "autoscaling:PutLifecycleHook": (c, i) => c.autoscaling.send(new autoscaling.PutLifecycleHookCommand(i)),
  "autoscaling:PutScalingPolicy": (c, i) => c.autoscaling.send(new autoscaling.PutScalingPolicyCommand(i)),
  "autoscaling:PutWarmPool": (c, i) => c.autoscaling.send(new autoscaling.PutWarmPoolCommand(i)),
  "autoscaling:RollbackInstanceRefresh": (c, i) =>
    c.autoscaling.send(new autoscaling.RollbackInstanceRefreshCommand(i)),
  "autoscaling:StartInstanceRefresh": (c, i) =>
    c.autoscaling.send(new autoscaling.StartInstanceRefreshCommand(i)),
  "autoscaling:UpdateAutoScalingGroup": (c, i) =>
    c.autoscaling.send(new autoscaling.UpdateAutoScalingGroupCommand(i)),
  "cloudwatch:DeleteAlarms": (c, i) => c.cloudwatch.send(new cloudwatch.DeleteAlarmsCommand(i)),
  "cloudwatch:PutMetricAlarm": (c, i) => c.cloudwatch.send(new cloudwatch.PutMetricAlarmCommand(i)),
  "cloudwatch:TagResource": (c, i) => c.cloudwatch.send(new cloudwatch.TagResourceCommand(i)),
  "route53:ChangeResourceRecordSets": (c, i) =>
    c.route53.send(new route53.ChangeResourceRecordSetsCommand(i)),
  "ssm:DeleteParameter": (c, i) => c.ssm.send(new ssm.DeleteParameterCommand(i)),
  "ssm:PutParameter": (c, i) => c.ssm.send(new ssm.PutParameterCommand(i)),
};
