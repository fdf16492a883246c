import type {
  AutoScalingGroup,
  InstanceRefresh,
  StartInstanceRefreshCommandInput,
} from "@aws-sdk/client-auto-scaling";
import type { Group } from "../../../../understand/fleet.js";
import { launchedTemplate, launchingVersion } from "./mixed.js";

/** What a roll does with instances that somebody has set aside. Left alone, EC2 waits for them for an hour, and fails. */
export interface SetAside {
  /** Replaces those that are protected from scale-in, too. */
  replaceProtected?: boolean;
  /** Terminates those in Standby. */
  endStandby?: boolean;
}

/**
 * The request that replaces a group's instances by ones of another version: new ones are launched, pass their self-test, and only then as
 * many old ones drain and go. When it fails AWS puts the old version back by itself.
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

/** An instance of another version that somebody has set aside. */
export interface InstanceAside {
  id: string;
  /** It stays as it is. */
  stays: boolean;
  /** Why, and what becomes of it. */
  words: string;
}

/** Those instances that a roll to this version does not treat as the others. */
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

/** The version that a refresh brings, or brought. */
export function refreshVersion(refresh: InstanceRefresh | undefined): number | undefined {
  const version = Number(launchedTemplate(refresh?.DesiredConfiguration)?.Version);
  return Number.isInteger(version) && version > 0 ? version : undefined;
}

/** How far a refresh is, in one line. */
export function progress(refresh: InstanceRefresh): string {
  const { Status = "", PercentageComplete = 0, InstancesToUpdate, StatusReason } = refresh;
  const left = InstancesToUpdate === undefined ? "" : `, ${InstancesToUpdate} instances to go`;
  return `${Status}, ${PercentageComplete} %${left}${StatusReason ? `: ${StatusReason}` : ""}`;
}
