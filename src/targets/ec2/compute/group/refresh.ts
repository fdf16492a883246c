import type { InstanceRefresh, StartInstanceRefreshCommandInput } from "@aws-sdk/client-auto-scaling";
import type { Group } from "../../../../understand/fleet.js";

/**
 * The request that replaces a group's instances by ones of another version: new ones are launched, pass their self-test, and only then as
 * many old ones drain and go. When it fails AWS puts the old version back by itself.
 */
export function startRefresh(name: string, group: Group, version: number): StartInstanceRefreshCommandInput {
  return {
    AutoScalingGroupName: name,
    Strategy: "Rolling",
    DesiredConfiguration: { LaunchTemplate: { LaunchTemplateName: name, Version: String(version) } },
    Preferences: {
      MinHealthyPercentage: 100,
      MaxHealthyPercentage: group.max_healthy_percentage,
      InstanceWarmup: group.instance_warmup,
      SkipMatching: true,
      AutoRollback: true,
    },
  };
}

/** The version that a refresh brings, or brought. */
export function refreshVersion(refresh: InstanceRefresh | undefined): number | undefined {
  const version = Number(refresh?.DesiredConfiguration?.LaunchTemplate?.Version);
  return Number.isInteger(version) && version > 0 ? version : undefined;
}

/** How far a refresh is, in one line. */
export function progress(refresh: InstanceRefresh): string {
  const { Status = "", PercentageComplete = 0, InstancesToUpdate, StatusReason } = refresh;
  const left = InstancesToUpdate === undefined ? "" : `, ${InstancesToUpdate} instances to go`;
  return `${Status}, ${PercentageComplete} %${left}${StatusReason ? `: ${StatusReason}` : ""}`;
}
