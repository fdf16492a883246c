import type {
  AutoScalingGroup,
  InstanceRefresh,
  StartInstanceRefreshCommandInput,
} from "@aws-sdk/client-auto-scaling";
import type { Group } from "../../../../understand/fleet.js";
import { launchedTemplate, launchingVersion } from "./mixed.js";

/** What a roll does with instances in Standby or with scale-in protection. Without these options, EC2 would wait an hour, and fail. */
export interface SetAside {
  /** Also replace instances with scale-in protection. */
  replaceProtected?: boolean;
  /** Terminate instances in Standby. */
  endStandby?: boolean;
}

/**
 * The request that replaces a group's instances by instances of another version. New ones are launched and pass their self-test; then the
 * same number of old ones drains and ends. If it fails, AWS rolls back to the old version.
 */
export function startRefresh(
  there: AutoScalingGroup,
  name: string,
  group: Group,
  version: number,
  { replaceProtected, endStandby }: SetAside = {},
): StartInstanceRefreshCommandInput {
  return {
    AutoScalingGroupName: name,
    Strategy: "Rolling",
    DesiredConfiguration: launchingVersion(there, { LaunchTemplateName: name, Version: String(version) }),
    Preferences: {
      MinHealthyPercentage: 100,
      MaxHealthyPercentage: group.max_healthy_percentage,
      InstanceWarmup: group.instance_warmup,
      SkipMatching: true,
      AutoRollback: true,
      ScaleInProtectedInstances: replaceProtected ? "Refresh" : "Ignore",
      StandbyInstances: endStandby ? "Terminate" : "Ignore",
    },
  };
}

/** An instance of another version in Standby or with scale-in protection. */
export interface InstanceAside {
  id: string;
  /** True if the roll does not replace it. */
  stays: boolean;
  /** The reason, and what happens to it, in words. */
  words: string;
}

/** The instances that a roll to this version does not treat like the others. */
export function instancesAside(
  { Instances = [] }: AutoScalingGroup,
  version: number,
  { replaceProtected = false, endStandby = false }: SetAside,
): InstanceAside[] {
  return Instances.flatMap(
    ({ InstanceId: id = "", LifecycleState, ProtectedFromScaleIn, LaunchTemplate }) => {
      const runs = Number(LaunchTemplate?.Version);
      if (runs === version) return [];
      const stay = (option: string) => `stays at version ${runs || "?"} (${option})`;
      if (/Standby$/.test(LifecycleState ?? ""))
        return {
          id,
          stays: !endStandby,
          words: `is in Standby: it ${endStandby ? "is terminated" : stay("--end-standby ends it")}`,
        };
      if (!ProtectedFromScaleIn) return [];
      return {
        id,
        stays: !replaceProtected,
        words: `is protected from scale-in: it ${replaceProtected ? "is replaced" : stay("--replace-protected replaces it")}`,
      };
    },
  );
}

/** The version that a refresh installs or has installed. */
export function refreshVersion(refresh: InstanceRefresh | undefined): number | undefined {
  const version = Number(launchedTemplate(refresh?.DesiredConfiguration)?.Version);
  return Number.isInteger(version) && version > 0 ? version : undefined;
}

/** The progress of a refresh, in one line. */
export function progress(refresh: InstanceRefresh): string {
  const { Status = "", PercentageComplete = 0, InstancesToUpdate, StatusReason } = refresh;
  const left = InstancesToUpdate === undefined ? "" : `, ${InstancesToUpdate} instances to go`;
  return `${Status}, ${PercentageComplete} %${left}${StatusReason ? `: ${StatusReason}` : ""}`;
}
