import { DescribeAlarmsCommand, ListTagsForResourceCommand } from "@aws-sdk/client-cloudwatch";
import { alarmNames, type CurrentAlarm } from "../compute/group/alarms.js";
import { tagsOf } from "../compute/tags.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";

/**
 * The alarms with one of the group's alarm names, whoever created them. Undefined without permission to read them: policies of earlier
 * releases do not contain it.
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
