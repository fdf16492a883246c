import type { Scalar } from "../compute/template.js";
import type { Fleet, Group } from "../understand/fleet.js";
import { commonGroupSettings } from "../understand/settings/group.js";
import { namedTargets, type TargetName } from "./lookup.js";
import type { targets } from "./registry.js";

type Targets = typeof targets;
type GroupsOf<T> = T extends { group: { settings: infer S } } ? (settings: S) => void : never;
/** The settings of all targets that have groups, in one. */
type TargetGroupSettings = GroupsOf<Targets[TargetName]> extends (settings: infer S) => void ? S : never;

const targetGroups = namedTargets.flatMap(([, { group }]) => (group === undefined ? [] : [group]));

/** The section `group`: what every group has, and what groups have at the targets. */
export const groupSettings = Object.assign(
  {},
  commonGroupSettings,
  ...targetGroups.map(({ settings }) => settings),
) as typeof commonGroupSettings & TargetGroupSettings;

/** What host.env has for the hosts of a group, wherever they will run. */
export const groupVariables = (fleet: Fleet, group: Group) =>
  Object.assign({}, ...targetGroups.map(({ variables }) => variables(fleet, group))) as Record<
    string,
    Scalar
  >;

/** Some target's instances of the group keep its records in DNS themselves. */
export const keepsRecords = (group: Group): boolean =>
  targetGroups.some((ofTarget) => ofTarget.keepsRecords(group));
