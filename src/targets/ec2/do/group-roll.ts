import type { AutoScalingGroup, InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import { groupVersion, isGoingOn, versionBefore, type CurrentGroup } from "../compute/group/current.js";
import { isOfGroup } from "../compute/group/mixed.js";
import { previousVersion } from "../compute/group/plan.js";
import {
  instancesAside,
  progress,
  refreshVersion,
  startRefresh,
  type SetAside,
} from "../compute/group/refresh.js";
import { tagKey } from "../compute/names.js";
import type { Owner } from "../compute/ownership.js";
import { UserError } from "../../../errors.js";
import type { Group } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";
import { describeGroup, newestRefresh, readOwnGroup } from "./group-state.js";
import { untilClear } from "../../../do/wait.js";
import { pause } from "./pause.js";

export interface Roll {
  /** The required owner of the group. */
  owner: Owner;
  /** True: wait for the end of the roll. False: only start it. */
  wait: boolean;
  /** Milliseconds. */
  timeout: number;
  tell: (line: string) => void;
  /** What to do with instances in Standby or with scale-in protection. */
  aside: SetAside;
  /** False for a rollback, which does not record a previous version. */
  remember?: boolean;
}

/** Replaces the group's instances by instances of the newest (or a given) version of its template. Returns messages. */
export async function rollGroup(
  aws: Aws,
  name: string,
  group: Group,
  roll: Roll,
  version?: number,
): Promise<string> {
  const current = await existing(aws, name, roll.owner);
  const target = version ?? current.template?.latest ?? 0;
  refuseUnknown(current, target);
  if (isGoingOn(current.refresh)) return joinRefresh(aws, name, current.refresh, target, roll);
  tellAside(current, target, roll);
  if (runsVersion(current, target, roll.aside))
    return `${everyInstance(current.group, target, roll.aside)} already runs version ${target}`;
  if (roll.remember !== false) await rememberPrevious(aws, name, current, target);
  const id = await start(aws, name, startRefresh(current.group, name, group, target, roll.aside));
  return roll.wait && !aws.isDryRun
    ? finished(aws, name, await follow(aws, name, id, roll), target)
    : `a roll to version ${target} was started (sip-proxy group status FLEET)`;
}

/** Returns the group to the version before the last roll, or to a given one. Returns messages. */
export async function rollbackGroup(
  aws: Aws,
  name: string,
  group: Group,
  roll: Roll,
  version?: number,
): Promise<string> {
  const current = await existing(aws, name, roll.owner);
  const { refresh } = current;
  if (version === undefined && isGoingOn(refresh)) return undoRefresh(aws, name, refresh, roll);
  const target = version ?? previousVersion(current);
  if (target === undefined)
    throw new UserError(
      `the group launches version ${groupVersion(current.group) ?? "?"}; no previous version is recorded`,
      { hint: `use --to VERSION; choose from: ${current.template?.versions.join(", ") ?? "none"}` },
    );
  const done = await rollGroup(aws, name, group, { ...roll, remember: false }, target);
  if (previousVersion(current) !== undefined) await forgetPrevious(aws, name);
  return done;
}

/** A group that exists. */
type ExistingGroup = CurrentGroup & { group: AutoScalingGroup };

async function existing(aws: Aws, name: string, owner: Owner): Promise<ExistingGroup> {
  const current = await readOwnGroup(aws, name, owner, { managed: true });
  const { group, template } = current;
  if (group && template) return { ...current, group };
  throw new UserError(`there is no group ${name} in ${aws.region}`, {
    hint: "create it: sip-proxy group apply FLEET",
  });
}

function refuseUnknown({ template }: CurrentGroup, version: number): void {
  if (template?.versions.includes(version)) return;
  throw new UserError(`the launch template has no version ${version}`, {
    hint: `choose from: ${template?.versions.join(", ") ?? "none"}`,
  });
}

/** Whether all instances run the version, except those that the roll does not replace. */
function runsVersion({ group }: ExistingGroup, version: number, aside: SetAside): boolean {
  const staying = stayingAside(group, version, aside);
  return (
    groupVersion(group) === version &&
    (group.Instances ?? []).every(
      ({ InstanceId = "", InstanceType, LaunchTemplate }) =>
        (Number(LaunchTemplate?.Version) === version && isOfGroup(group, InstanceType)) ||
        staying.includes(InstanceId),
    )
  );
}

function tellAside({ group }: CurrentGroup, version: number, { aside, tell }: Roll): void {
  for (const { id, words } of group ? instancesAside(group, version, aside) : []) tell(`${id} ${words}`);
}

function stayingAside(group: CurrentGroup["group"], version: number, aside: SetAside): string[] {
  const found = group ? instancesAside(group, version, aside) : [];
  return found.filter(({ stays }) => stays).map(({ id }) => id);
}

function everyInstance(group: CurrentGroup["group"], version: number, aside: SetAside): string {
  const staying = stayingAside(group, version, aside);
  return staying.length === 0 ? "every instance" : `every instance but ${staying.join(", ")}`;
}

/** Records the version for a rollback in a tag of the group, so that a rollback is possible from any machine. */
async function rememberPrevious(
  aws: Aws,
  name: string,
  current: CurrentGroup,
  target: number,
): Promise<void> {
  const before = versionBefore(current, target);
  if (before === undefined) return;
  await aws.change(
    "autoscaling:CreateOrUpdateTags",
    { Tags: [{ ...previousTag(name), Value: String(before) }] },
    {},
  );
}

async function forgetPrevious(aws: Aws, name: string): Promise<void> {
  await aws.change("autoscaling:DeleteTags", { Tags: [previousTag(name)] }, {});
}

function previousTag(name: string) {
  return {
    Key: tagKey.previousVersion,
    ResourceId: name,
    ResourceType: "auto-scaling-group",
    PropagateAtLaunch: false,
  };
}

async function start(
  aws: Aws,
  name: string,
  request: ReturnType<typeof startRefresh>,
): Promise<string | undefined> {
  try {
    const { InstanceRefreshId } = await aws.change("autoscaling:StartInstanceRefresh", request, {
      InstanceRefreshId: "(the new refresh)",
    });
    return InstanceRefreshId;
  } catch (error) {
    // the answer to the first attempt was lost, and the call was repeated
    if (
      !isAwsError(error, "InstanceRefreshInProgress", "InstanceRefreshInProgressFault") ||
      error.attempts < 2
    )
      throw error;
    return (await newestRefresh(aws, name))?.InstanceRefreshId;
  }
}

/** Waits for a refresh to the same version that another run has started. A refresh to another version must end first. */
async function joinRefresh(
  aws: Aws,
  name: string,
  refresh: InstanceRefresh | undefined,
  target: number,
  roll: Roll,
): Promise<string> {
  const version = refreshVersion(refresh);
  if (version !== target) {
    throw new UserError(
      `a roll to version ${version ?? "?"} is running: ${refresh ? progress(refresh) : ""}`,
      {
        hint: "wait until it has finished, or cancel it: sip-proxy group rollback FLEET",
      },
    );
  }
  if (!roll.wait || aws.isDryRun) return `a roll to version ${target} is already running`;
  return finished(aws, name, await follow(aws, name, refresh?.InstanceRefreshId, roll), target);
}

async function undoRefresh(
  aws: Aws,
  name: string,
  refresh: InstanceRefresh | undefined,
  roll: Roll,
): Promise<string> {
  if (!/^Rollback/.test(refresh?.Status ?? ""))
    await aws.change("autoscaling:RollbackInstanceRefresh", { AutoScalingGroupName: name }, {});
  if (!roll.wait || aws.isDryRun) return "the roll is being rolled back (sip-proxy group status FLEET)";
  const end = await follow(aws, name, refresh?.InstanceRefreshId, roll);
  if (end.Status === "RollbackSuccessful")
    return `the roll to version ${refreshVersion(end) ?? "?"} was rolled back`;
  throw new UserError(`the roll was not rolled back: ${progress(end)}`, {
    hint: "see: sip-proxy group status FLEET",
  });
}

/** Waits for the end of a refresh, and reports its progress. */
async function follow(
  aws: Aws,
  name: string,
  id: string | undefined,
  { timeout, tell }: Roll,
): Promise<InstanceRefresh> {
  let last: InstanceRefresh = {};
  const look = async () => {
    last = (await newestRefresh(aws, name, id)) ?? last;
    if (last.Status === undefined) return "no progress is reported";
    if (isGoingOn(last)) return progress(last);
    tell(progress(last));
    return "";
  };
  const late = (why: string) =>
    new UserError(`the roll is still running after ${timeout / 1000} s: ${why}`, {
      hint: "it continues without this command; see: sip-proxy group status FLEET",
    });
  await untilClear(look, { timeout, pause: pause(15), tell, late });
  return last;
}

async function finished(aws: Aws, name: string, refresh: InstanceRefresh, version: number): Promise<string> {
  if (refresh.Status === "Successful")
    return `${everyInstance(await describeGroup(aws, name), version, {})} runs version ${version}`;
  const undone = /^RollbackSuccessful$/.test(refresh.Status ?? "");
  throw new UserError(
    `the roll to version ${version} failed${undone ? " and was rolled back" : ""}: ${progress(refresh)}`,
    {
      hint: "the console of a failed instance shows the reason: sip-proxy status FLEET GROUP --target ec2",
    },
  );
}
