import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch";
import { expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { told, type Done } from "../support/cloud/told.js";
import { cloud, subnets, useCloud } from "../support/cloud/use-cloud.js";

useCloud();

const name = "test-proxies";
const ec2 = { instance_type: "t3.medium", iam_instance_profile: "host", ami: bases.old.ami_id };
const fleet = (group: object = {}) =>
  cloud.fleet({ group: { name: "proxies", subnets, ...group }, launch: { ec2 } });

const ofAlarms = ({ changes }: Done) => changes.filter((call) => call.startsWith("cloudwatch:"));

test("alarms: made with the group, changed, kept from others, gone with it; an older policy does without", async () => {
  const topic = "arn:aws:sns:eu-west-1:123456789012:voice";
  const put = "cloudwatch:PutMetricAlarm";
  const file = await fleet({ alarm_actions: [topic] });
  expect((await told(cloud, "group", "apply", file)).changes).toEqual([
    "ec2:CreateLaunchTemplate",
    "autoscaling:CreateAutoScalingGroup",
    put,
    put,
    put,
  ]);
  expect((await told(cloud, "group", "apply", file)).changes).toEqual([]);
  const { MetricAlarms = [] } = await cloud.cloudwatch.send(new DescribeAlarmsCommand({}));
  expect(MetricAlarms.map(({ AlarmName }) => AlarmName).sort()).toEqual(
    ["calls-refused", "no-host-ready", "no-recorder"].map((kind) => `${name}-${kind}`),
  );
  expect(MetricAlarms.find(({ AlarmName }) => AlarmName === `${name}-no-host-ready`)).toMatchObject({
    Namespace: "SipProxy",
    MetricName: "HostsReady",
    Dimensions: [{ Name: "AutoScalingGroupName", Value: name }],
    Statistic: "Sum",
    ComparisonOperator: "LessThanThreshold",
    Threshold: 1,
    TreatMissingData: "breaching",
    AlarmActions: [topic],
    OKActions: [topic],
  });
  await cloud.cloudwatch.send(
    new SetAlarmStateCommand({
      AlarmName: `${name}-no-recorder`,
      StateValue: "ALARM",
      StateReason: "none up",
    }),
  );
  expect((await cloud.ok("group", "status", file)).stdout).toMatch(
    /alarm test-proxies-no-recorder since [^\n]*: none up/,
  );

  // TLS needs one more alarm; another topic changes all existing ones
  const withTls = () => fleet({ alarm_actions: [`${topic}2`], enable_tls: true });
  const changed = await told(cloud, "group", "apply", await withTls());
  expect(ofAlarms(changed)).toEqual([put, put, put, put]);
  expect(changed.stdout).toContain("+ alarm test-proxies-certificate-ends");
  expect(changed.stdout).toContain(`~ AlarmActions.0: ${topic} -> ${topic}2`);

  // without permission to read alarms: no effect for a fleet file without alarms, an error otherwise
  const denied = { code: "AccessDeniedException", message: "no" };
  cloud.proxy.trouble("DescribeAlarms", denied, { times: 2 });
  expect((await told(cloud, "group", "plan", await fleet())).code).toBe(0);
  expect(await told(cloud, "group", "apply", await withTls())).toMatchObject({
    code: 1,
    changes: [],
    stderr: expect.stringMatching(/not permitted to read the alarms[^]*cloudwatch:DescribeAlarms/) as string,
  });
  cloud.proxy.clear();

  // an alarm with this name that belongs to somebody else
  const foreign = { AlarmName: `${name}-certificate-ends`, Namespace: "x", MetricName: "x" };
  expect(ofAlarms(await told(cloud, "group", "apply", await fleet()))).toEqual(
    Array<string>(4).fill("cloudwatch:DeleteAlarms"),
  );
  await cloud.cloudwatch.send(
    new PutMetricAlarmCommand({
      ...foreign,
      Statistic: "Sum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: "LessThanThreshold",
    }),
  );
  // moto keeps the tags of deleted alarms
  const arn = `arn:aws:cloudwatch:eu-west-1:123456789012:alarm:${foreign.AlarmName}`;
  await cloud.cloudwatch.send(new UntagResourceCommand({ ResourceARN: arn, TagKeys: ["sip-proxy:fleet"] }));
  expect(await told(cloud, "group", "apply", await withTls())).toMatchObject({
    code: 1,
    changes: [],
    stderr: expect.stringMatching(
      /the alarm test-proxies-certificate-ends was not created for the fleet test/,
    ) as string,
  });
  expect(ofAlarms(await told(cloud, "group", "apply", await withTls(), "--adopt"))).toEqual([
    ...Array<string>(3).fill(put),
    "cloudwatch:TagResource",
    put,
  ]);
  await cloud.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [foreign.AlarmName] }));
  expect((await told(cloud, "group", "apply", await withTls())).changes).toEqual([put]);

  const end = await told(cloud, "group", "delete", await withTls(), "--force");
  expect(end.changes[0]).toBe("cloudwatch:DeleteAlarms");
  expect(end.stdout + end.stderr).toContain("the group, its launch template, and its alarms");
  expect((await cloud.cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([]);
});
