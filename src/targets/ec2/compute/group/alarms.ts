import type { MetricAlarm, PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { alarmMetrics, callsMetric } from "../../../../compute/host/contract.js";
import { UserError } from "../../../../errors.js";
import type { Group, Host } from "../../../../understand/fleet.js";
import { planned } from "../calls.js";
import { tagKey } from "../names.js";
import { isOurs, refuseForeign, type Leave, type Owner } from "../ownership.js";
import { tagList, type Tags } from "../tags.js";
import { differences } from "./differences.js";
import type { GroupChange } from "./plan.js";

/** An alarm that the fleet file requires, without the fleet's tags. */
export type Alarm = Omit<PutMetricAlarmCommandInput, "Tags" | "AlarmName"> & { AlarmName: string };

/** An alarm as it is in AWS. */
export interface CurrentAlarm {
  alarm: MetricAlarm;
  tags: Tags;
}

/** A certificate raises an alarm if it expires within this number of days. */
const certificateDays = 14;

type Watched = Pick<
  Alarm,
  | "AlarmDescription"
  | "MetricName"
  | "Statistic"
  | "Period"
  | "EvaluationPeriods"
  | "Threshold"
  | "ComparisonOperator"
  | "TreatMissingData"
>;

/** The metric of each alarm. Hosts publish once a minute. Missing data does not raise an alarm, except for ready hosts. */
const alarms = {
  "no-host-ready": {
    AlarmDescription: "No host of the group accepts calls.",
    MetricName: alarmMetrics.ready,
    Statistic: "Sum",
    Period: 60,
    EvaluationPeriods: 3,
    Threshold: 1,
    ComparisonOperator: "LessThanThreshold",
    TreatMissingData: "breaching",
  },
  "no-recorder": {
    AlarmDescription: "A host has no recorder that is up.",
    MetricName: alarmMetrics.recorders,
    Statistic: "Minimum",
    Period: 60,
    EvaluationPeriods: 2,
    Threshold: 1,
    ComparisonOperator: "LessThanThreshold",
    TreatMissingData: "notBreaching",
  },
  "calls-refused": {
    AlarmDescription: "Calls were refused: no recorder, no media relay, or the host is full.",
    MetricName: alarmMetrics.refused,
    Statistic: "Sum",
    Period: 300,
    EvaluationPeriods: 1,
    Threshold: 0,
    ComparisonOperator: "GreaterThanThreshold",
    TreatMissingData: "notBreaching",
  },
  "certificate-ends": {
    AlarmDescription: `The certificate of a host's TLS listeners ends within ${certificateDays} days.`,
    MetricName: alarmMetrics.certificate,
    Statistic: "Minimum",
    Period: 3600,
    EvaluationPeriods: 1,
    Threshold: certificateDays,
    ComparisonOperator: "LessThanThreshold",
    TreatMissingData: "notBreaching",
  },
} as const satisfies Record<string, Watched>;

type AlarmKind = keyof typeof alarms;
const kinds = Object.keys(alarms) as AlarmKind[];

const alarmName = (group: string, kind: AlarmKind): string => `${group}-${kind}`;

/** Names of all alarms that a group of this name can have. */
export const alarmNames = (group: string): string[] => kinds.map((kind) => alarmName(group, kind));

/** The alarms of a group. With `min: 0` there is none for an empty group; without TLS there is none for the certificate. */
export function groupAlarms({ alarm_actions, min }: Group, { settings }: Host, name: string): Alarm[] {
  if (alarm_actions.length === 0) return [];
  const left: AlarmKind[] = [
    ...(min === 0 ? (["no-host-ready"] as const) : []),
    ...(settings.enable_tls ? [] : (["certificate-ends"] as const)),
  ];
  return kinds
    .filter((kind) => !left.includes(kind))
    .map((kind) => ({
      AlarmName: alarmName(name, kind),
      ...alarms[kind],
      Namespace: callsMetric.namespace,
      Dimensions: [{ Name: callsMetric.dimension, Value: name }],
      AlarmActions: alarm_actions,
      OKActions: alarm_actions,
    }));
}

/**
 * The alarms that may be changed, of those with the group's names. Throws UserError if a required alarm belongs to somebody else, or if
 * alarms could not be read (undefined). Other alarms with such names are left alone.
 */
export function ownAlarms(
  wanted: readonly Alarm[],
  there: readonly CurrentAlarm[] | undefined,
  owner: Owner,
  leave: Leave = {},
): CurrentAlarm[] {
  if (!there && wanted.length > 0)
    throw new UserError("you are not permitted to read the alarms of the group", {
      hint: "your IAM policy must allow cloudwatch:DescribeAlarms and cloudwatch:ListTagsForResource; sip-proxy iam-policy FLEET --operator prints it",
    });
  const names = new Set(wanted.map(({ AlarmName }) => AlarmName));
  return (there ?? []).filter(({ alarm: { AlarmName = "" }, tags }) => {
    if (names.has(AlarmName)) refuseForeign({ what: `the alarm ${AlarmName}`, tags }, owner, leave);
    return names.has(AlarmName) || isOurs(tags, owner);
  });
}

/** `there`: the result of ownAlarms(). */
export function alarmChanges(
  wanted: readonly Alarm[],
  there: readonly CurrentAlarm[],
  tags: Tags,
): GroupChange[] {
  const names = new Set(wanted.map(({ AlarmName }) => AlarmName));
  const gone = there.flatMap(({ alarm: { AlarmName = "" } }) => (names.has(AlarmName) ? [] : [AlarmName]));
  return [
    ...wanted.flatMap((alarm) => {
      const current = there.find(({ alarm: { AlarmName } }) => AlarmName === alarm.AlarmName);
      return current ? changesOf(alarm, current, tags) : [newAlarm(alarm, tags)];
    }),
    ...gone.map((name): GroupChange => {
      const calls = [planned("cloudwatch:DeleteAlarms", { AlarmNames: [name] })];
      return { kind: "delete", what: `alarm ${name}`, differences: [], calls };
    }),
  ];
}

function newAlarm(alarm: Alarm, tags: Tags): GroupChange {
  const calls = [planned("cloudwatch:PutMetricAlarm", { ...alarm, Tags: tagList(tags) })];
  return { kind: "create", what: `alarm ${alarm.AlarmName}`, differences: differences({}, alarm), calls };
}

/** PutMetricAlarm does not change the tags of an existing alarm, so these need a separate call. */
function changesOf(alarm: Alarm, { alarm: current, tags: theirs }: CurrentAlarm, tags: Tags): GroupChange[] {
  const what = `alarm ${alarm.AlarmName}`;
  const fields = Object.keys(alarm) as (keyof typeof alarm & keyof MetricAlarm)[];
  const changed = differences(Object.fromEntries(fields.map((field) => [field, current[field]])), alarm);
  const adopting = theirs[tagKey.fleet] !== tags[tagKey.fleet];
  return [
    ...(adopting
      ? [
          {
            kind: "change" as const,
            what: `${what}, taken over`,
            differences: [],
            calls: [
              planned("cloudwatch:TagResource", { ResourceARN: current.AlarmArn ?? "", Tags: tagList(tags) }),
            ],
          },
        ]
      : []),
    ...(changed.length === 0
      ? []
      : [
          {
            kind: "change" as const,
            what,
            differences: changed,
            calls: [planned("cloudwatch:PutMetricAlarm", alarm)],
          },
        ]),
  ];
}
