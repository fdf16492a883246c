import { paginateDescribeInstanceInformation, type InstanceInformation } from "@aws-sdk/client-ssm";
import type { Aws } from "./aws.js";
import { inChunks } from "./chunks.js";
import { isAwsError } from "./errors.js";
import { howToManage } from "./run-command.js";

/** Why SSM does not reach running instances, by instance id. Empty without permission to query: the command itself then fails. */
export async function unmanaged(aws: Aws, ids: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, InstanceInformation>();
  try {
    for (const Values of inChunks(ids, 50)) {
      const Filters = [{ Key: "InstanceIds", Values }];
      for await (const page of paginateDescribeInstanceInformation({ client: aws.ssm }, { Filters }))
        for (const each of page.InstanceInformationList ?? []) found.set(each.InstanceId ?? "", each);
    }
  } catch (error) {
    if (isAwsError(error, "AccessDeniedException")) return new Map();
    throw error;
  }
  return new Map(
    ids.flatMap((id): [string, string][] => {
      const its = found.get(id);
      if (its === undefined) return [[id, `SSM does not manage ${id}: ${howToManage}`]];
      if (its.PingStatus === "Online") return [];
      const since = its.LastPingDateTime?.toISOString() ?? "an unknown time";
      return [[id, `the last contact with the SSM agent of ${id} was at ${since} (${its.PingStatus})`]];
    }),
  );
}
