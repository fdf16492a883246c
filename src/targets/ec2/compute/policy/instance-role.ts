import type { Fleet, Group } from "../../../../understand/fleet.js";
import { callsMetric, groupName, poolTag } from "../../../../compute/host/contract.js";
import { keepRecords, route53Arn } from "./dns.js";
import { arnIn, inRegion, type Policy, type PolicyPlace, type Statement } from "./policy.js";
import { agentStatements } from "./ssm.js";
import { secretStatements } from "./secrets.js";

export interface PolicyOptions extends PolicyPlace {
  /** ARNs of customer managed KMS keys that encrypt the secrets. */
  kmsKeys: readonly string[];
}

/** The policy of the instances' role: it allows every call of the host's scripts, and no others. */
export function instanceRolePolicy(fleet: Fleet, { kmsKeys, ...place }: PolicyOptions): Policy {
  return {
    Version: "2012-10-17",
    Statement: [
      ...secretStatements(fleet, place, kmsKeys),
      ...(fleet.group ? groupStatements(fleet, fleet.group, place) : []),
      ...agentStatements(fleet),
    ],
  };
}

function groupStatements(fleet: Fleet, group: Group, place: PolicyPlace): Statement[] {
  const name = groupName(fleet.name, group.name);
  return [
    {
      Sid: "SpeakForOwnGroup",
      Effect: "Allow",
      Action: ["CompleteLifecycleAction", "RecordLifecycleActionHeartbeat", "SetInstanceHealth"].map(
        (action) => `autoscaling:${action}`,
      ),
      Resource: [arnIn(place, "autoscaling", `autoScalingGroup:*:autoScalingGroupName/${name}`)],
    },
    ...(group.elastic_ip_pool === undefined ? [] : poolStatements(name, group.elastic_ip_pool, place)),
    ...dnsOfGroup(group, fleet.dns, place),
    ...(group.target_calls === undefined && group.alarm_actions.length === 0 ? [] : [metricStatement]),
  ];
}

/** Associating addresses of the pool with instances of the group. The network interface, which has no tags, must be allowed as well. */
function poolStatements(group: string, pool: string, place: PolicyPlace): Statement[] {
  const associate = (Sid: string, resource: string, tag: Record<string, string> = {}): Statement => {
    const tags = Object.entries(tag).map(([name, value]) => [`aws:ResourceTag/${name}`, value] as const);
    return {
      Sid,
      Effect: "Allow",
      Action: ["ec2:AssociateAddress"],
      Resource: [arnIn(place, "ec2", `${resource}/*`)],
      ...(tags.length === 0 ? {} : { Condition: { StringEquals: Object.fromEntries(tags) } }),
    };
  };
  return [
    {
      Sid: "FindPoolAddresses",
      Effect: "Allow",
      Action: ["ec2:DescribeAddresses"],
      Resource: ["*"],
      ...inRegion(place),
    },
    associate("ClaimPoolAddress", "elastic-ip", { [poolTag]: pool }),
    associate("ClaimForOwnGroup", "instance", { "aws:autoscaling:groupName": group }),
    associate("ClaimOnInterface", "network-interface"),
  ];
}

/** For the records of the group's name, and to list the group's instances: to find left records, and instances that still answer. */
function dnsOfGroup(group: Group, { domain }: Fleet["dns"], place: PolicyPlace): Statement[] {
  if (group.hosted_zone_id === undefined || domain === undefined) return [];
  return [
    ...keepRecords(group.hosted_zone_id, domain, place),
    {
      Sid: "SeeWhenRecordsHaveSpread",
      Effect: "Allow",
      Action: ["route53:GetChange"],
      Resource: [route53Arn(place, "change/*")],
    },
    {
      Sid: "SeeOwnGroup",
      Effect: "Allow",
      Action: ["autoscaling:DescribeAutoScalingGroups"],
      Resource: ["*"],
      ...inRegion(place),
    },
  ];
}

/** Metrics have no resources in IAM, so the statement limits the namespace. */
const metricStatement: Statement = {
  Sid: "PublishMetrics",
  Effect: "Allow",
  Action: ["cloudwatch:PutMetricData"],
  Resource: ["*"],
  Condition: { StringEquals: { "cloudwatch:namespace": callsMetric.namespace } },
};
