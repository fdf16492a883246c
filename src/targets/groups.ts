import type { Scalar } from "../compute/template.js";
import type { Fleet, Group } from "../understand/fleet.js";
import { commonGroupSettings } from "../understand/settings/group.js";
import { namedTargets, type TargetName } from "./lookup.js";
import type { targets } from "./registry.js";

type Targets = typeof targets;
type GroupsOf<T> = T extends { group: { settings: infer S } } ? (settings: S) => void : never;
/** The group settings of all targets, in one type. */
type TargetGroupSettings = GroupsOf<Targets[TargetName]> extends (settings: infer S) => void ? S : never;

const targetGroups = namedTargets.flatMap(([, { group }]) => (group === undefined ? [] : [group]));

/** The section `group`: settings of every group, and those of targets that have groups. */
export const groupSettings = Object.assign(
  {},
  commonGroupSettings,
  ...targetGroups.map(({ settings }) => settings),
) as typeof commonGroupSettings & TargetGroupSettings;

/** Variables in host.env for the hosts of a group, of all targets. */
export const groupVariables = (fleet: Fleet, group: Group) =>
  Object.assign({}, ...targetGroups.map(({ variables }) => variables(fleet, group))) as Record<
    string,
    Scalar
  >;

/** Whether the group's instances maintain their DNS records themselves, on any target. */
export const keepsRecords = (group: Group): boolean =>
  targetGroups.some((ofTarget) => ofTarget.keepsRecords(group));
