import { ownAlarms } from "../compute/group/alarms.js";
import { isGoingOn } from "../compute/group/current.js";
import { refuseKept } from "../compute/group/kept.js";
import type { Owner } from "../compute/ownership.js";
import { UserError } from "../../../errors.js";
import type { KeptName } from "../compute/group/dns-records.js";
import type { Aws } from "./aws.js";
import { readKept, removeKept } from "./group-dns.js";
import { describeGroup, describeWarmPool, readOwnGroup } from "./group-state.js";
import { poll, untilClear } from "../../../do/wait.js";
import { pause } from "./pause.js";

export interface Deletion {
  /** The required owner of the group. */
  owner: Owner;
  /** The DNS name whose records its instances maintain. */
  dns: KeptName | undefined;
  /** End instances immediately, together with their current calls. */
  force: boolean;
  /** Milliseconds to wait until the instances have drained. */
  timeout: number;
  tell: (line: string) => void;
}

/**
 * Deletes a group and its launch template. Without `force`, its instances drain first, as in every scale-in. It can be run again at any
 * point. Returns messages about what it did.
 */
export async function deleteGroup(aws: Aws, name: string, deletion: Deletion): Promise<string> {
  const current = await readOwnGroup(aws, name, deletion.owner);
  const { group, template, refresh, warmPool } = current;
  const alarms = ownAlarms([], current.alarms, deletion.owner).map(({ alarm }) => alarm.AlarmName ?? "");
  if (group) refuseKept(group, deletion.force);
  // fails early without permission to read the records
  if (deletion.dns) await readKept(aws, deletion.dns);
  // before the hosts end: a deletion on purpose must not raise an alarm
  if (alarms.length > 0) await aws.change("cloudwatch:DeleteAlarms", { AlarmNames: alarms }, {});
  if (group) {
    const named = { AutoScalingGroupName: name };
    if (isGoingOn(refresh)) await aws.change("autoscaling:CancelInstanceRefresh", named, {});
    if (!deletion.force) {
      const none = { ...named, MinSize: 0, MaxSize: 0, DesiredCapacity: 0 };
      if ((group.MaxSize ?? 0) > 0) await aws.change("autoscaling:UpdateAutoScalingGroup", none, {});
      if (warmPool) await aws.change("autoscaling:DeleteWarmPool", named, {});
      await drained(aws, name, deletion);
    }
    if (group.Status === undefined)
      await aws.change("autoscaling:DeleteAutoScalingGroup", { ...named, ForceDelete: deletion.force }, {});
    await gone(aws, name, deletion);
  }
  const addresses = deletion.dns && (await removeKept(aws, deletion.dns));
  if (template) await aws.change("ec2:DeleteLaunchTemplate", { LaunchTemplateId: template.id }, {});
  const deleted = [
    ...(group ? ["the group"] : []),
    ...(template ? ["its launch template"] : []),
    ...(addresses === undefined ? [] : ["the DNS records of its instances"]),
    ...(alarms.length > 0 ? ["its alarms"] : []),
  ];
  return deleted.length === 0
    ? "there is no such group"
    : `deleted ${new Intl.ListFormat("en").format(deleted)}`;
}

/** Waits until the last instance has ended: each drains, and then completes its lifecycle hook. */
async function drained(aws: Aws, name: string, { timeout, tell }: Deletion): Promise<void> {
  if (aws.isDryRun) return;
  const look = async () => {
    const { Instances = [] } = (await describeGroup(aws, name)) ?? {};
    const states = Instances.map(({ InstanceId, LifecycleState }) => `${InstanceId} ${LifecycleState}`);
    if (states.length > 0) return states.join(", ");
    return (await describeWarmPool(aws, name)) ? "the warm pool" : "";
  };
  const late = (left: string) =>
    new UserError(`instances are still draining after ${timeout / 1000} s: ${left}`, {
      hint: "run the same command again to keep waiting, or use --force to end them with their calls",
    });
  await untilClear(look, {
    ...{ timeout, pause: pause(15), late },
    tell: (left) => tell(`draining: ${left}`),
  });
}

async function gone(aws: Aws, name: string, { timeout }: Deletion): Promise<void> {
  if (aws.isDryRun) return;
  const over = await poll(async () => ((await describeGroup(aws, name)) ? undefined : true), {
    pause: pause(10),
    timeout,
  });
  if (!over)
    throw new UserError(`the group ${name} is still being deleted`, { hint: "run the same command again" });
}
