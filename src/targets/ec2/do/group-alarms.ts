import { DescribeAlarmsCommand, ListTagsForResourceCommand } from "@aws-sdk/client-cloudwatch";
import { alarmNames, type CurrentAlarm } from "../compute/group/alarms.js";
import { tagsOf } from "../compute/tags.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";

/**
 * The alarms that have one of the group's names, whoever made them; undefined where they may not be read: policies of former releases
 * know nothing of alarms.
 */
export async function readAlarms(aws: Aws, group: string): Promise<CurrentAlarm[] | undefined> {
  try {
    const { MetricAlarms = [] } = await aws.cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNames: alarmNames(group), AlarmTypes: ["MetricAlarm"] }),
    );
    return await Promise.all(
      MetricAlarms.map(async (alarm) => {
        const { Tags } = await aws.cloudwatch.send(
          new ListTagsForResourceCommand({ ResourceARN: alarm.AlarmArn ?? "" }),
        );
        return { alarm, tags: tagsOf(Tags) };
      }),
    );
  } catch (error) {
    if (isAwsError(error, "AccessDenied", "AccessDeniedException")) return undefined;
    throw error;
  }
}
