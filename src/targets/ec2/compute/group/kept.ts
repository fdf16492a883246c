import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import { UserError } from "../../../../errors.js";

/**
 * Throws UserError with everything that would prevent the deletion of a group. This is checked before the first instance drains: otherwise
 * the proxies would be gone, but the group would stay.
 */
export function refuseKept(group: AutoScalingGroup, force: boolean): void {
  const faults = [...protection(group, force), ...(force ? [] : stayingInstances(group))];
  if (faults.length === 0) return;
  throw new UserError(
    `the autoscaling group ${group.AutoScalingGroupName ?? ""} cannot be deleted and was not changed: ${faults.map(({ why }) => why).join("; ")}`,
    { hint: [...new Set(faults.map(({ hint }) => hint))].join("; ") },
  );
}

interface Kept {
  why: string;
  hint: string;
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html, DeletionProtection. */
function protection(
  { DeletionProtection: kept, AutoScalingGroupName: name }: AutoScalingGroup,
  force: boolean,
): Kept[] {
  const refuses = kept === "prevent-all-deletion" || (force && kept === "prevent-force-deletion");
  if (!refuses) return [];
  return [
    {
      why: `its deletion protection is ${kept}`,
      hint: `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${name} --deletion-protection none`,
    },
  ];
}

/** Instances that a scale-in to 0 would not end: the deletion would wait for them forever. */
function stayingInstances({ Instances = [], SuspendedProcesses = [] }: AutoScalingGroup): Kept[] {
  const ids = (found: typeof Instances) => found.map(({ InstanceId }) => InstanceId).join(", ");
  const shielded = Instances.filter(({ ProtectedFromScaleIn }) => ProtectedFromScaleIn);
  const standby = Instances.filter(({ LifecycleState }) => /Standby$/.test(LifecycleState ?? ""));
  const suspended = SuspendedProcesses.filter(({ ProcessName }) => ProcessName === "Terminate");
  return [
    ...(shielded.length === 0
      ? []
      : [
          {
            why: `protected from scale-in: ${ids(shielded)}`,
            hint: "aws autoscaling set-instance-protection --no-protected-from-scale-in",
          },
        ]),
    ...(standby.length === 0
      ? []
      : [{ why: `in Standby: ${ids(standby)}`, hint: "aws autoscaling exit-standby, or terminate them" }]),
    ...(suspended.length === 0
      ? []
      : [{ why: "its process Terminate is suspended", hint: "aws autoscaling resume-processes" }]),
  ];
}
