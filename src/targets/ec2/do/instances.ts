import {
  DescribeInstanceAttributeCommand,
  GetConsoleOutputCommand,
  paginateDescribeInstances,
  type Filter,
  type Instance,
} from "@aws-sdk/client-ec2";
import { tagKey } from "../compute/names.js";
import { refuseForeign } from "../compute/ownership.js";
import { tagFilters, tagsOf, type Tags } from "../compute/tags.js";
import { UserError } from "../../../errors.js";
import type { Aws } from "./aws.js";
import { filterPages } from "./chunks.js";
import { isAwsError } from "./errors.js";
import { poll } from "../../../do/wait.js";
import { pause } from "./pause.js";

/** The data of an instance that commands use. */
export interface FoundInstance {
  id: string;
  /** pending, running, stopping, stopped, shutting-down, terminated */
  state: string;
  imageId: string;
  /** Whether the instance can read its tags from the metadata service. */
  showsTags: boolean;
  type: string;
  /** A spot instance: EC2 can reclaim it, with a notice of two minutes. */
  isSpot: boolean;
  zone: string;
  keyName: string | undefined;
  /** Their ids. */
  securityGroups: string[];
  privateIp: string | undefined;
  publicIp: string | undefined;
  tags: Tags;
  launched: Date | undefined;
  /** EC2's reason for the state. */
  reason: string;
}

export const isGone = ({ state }: FoundInstance): boolean =>
  state === "terminated" || state === "shutting-down";

/** Instances with all these tags, oldest first. Includes terminated ones, which EC2 shows for about an hour. */
export function instancesTagged(aws: Aws, tags: Tags): Promise<FoundInstance[]> {
  return instancesWhere(aws, tagFilters(tags));
}

/** Instances that match the filters, oldest first. One of the filters may have any number of values. */
export async function instancesWhere(aws: Aws, filters: Filter[]): Promise<FoundInstance[]> {
  const found: FoundInstance[] = [];
  for (const Filters of filterPages(filters))
    for await (const page of paginateDescribeInstances({ client: aws.ec2, pageSize: 1000 }, { Filters }))
      for (const { Instances = [] } of page.Reservations ?? []) found.push(...Instances.map(readInstance));
  return found.sort((a, b) => (a.launched?.getTime() ?? 0) - (b.launched?.getTime() ?? 0));
}

function readInstance(instance: Instance): FoundInstance {
  return {
    id: instance.InstanceId ?? "",
    state: instance.State?.Name ?? "unknown",
    imageId: instance.ImageId ?? "",
    showsTags: instance.MetadataOptions?.InstanceMetadataTags === "enabled",
    type: instance.InstanceType ?? "",
    isSpot: instance.InstanceLifecycle === "spot",
    zone: instance.Placement?.AvailabilityZone ?? "",
    keyName: instance.KeyName,
    securityGroups: (instance.SecurityGroups ?? []).map(({ GroupId = "" }) => GroupId),
    privateIp: instance.PrivateIpAddress,
    publicIp: instance.PublicIpAddress,
    tags: tagsOf(instance.Tags),
    launched: instance.LaunchTime,
    reason: instance.StateReason?.Message ?? "",
  };
}

/** The host's instance, and the ids of its terminated ones. Throws UserError if there are several, or if it is not ours. */
export async function instanceOfHost(aws: Aws, fleet: string, host: string) {
  const all = await instancesTagged(aws, { [tagKey.fleet]: fleet, [tagKey.host]: host });
  const [instance, ...more] = all.filter((one) => !isGone(one));
  if (instance) refuseForeign({ what: `instance ${instance.id}`, tags: instance.tags }, { fleet, host });
  if (more.length > 0) {
    const ids = [instance, ...more].map((one) => one?.id ?? "");
    throw new UserError(`there is more than one instance of ${host}: ${ids.join(", ")}`, {
      hint: `terminate the extra ones: aws ec2 terminate-instances --instance-ids ${ids.at(-1) ?? ""}`,
    });
  }
  return { instance, former: all.filter(isGone).map(({ id }) => id) };
}

/** For each wanted state, the states from which it cannot be reached. For a moment, EC2 may show the state before a change. */
const farFrom = {
  running: /^(shutting-down|terminated|stopping)$/,
  stopped: /^(shutting-down|terminated)$/,
  terminated: /^$/,
};

/**
 * Waits for a state, at most ten minutes. A refused query that would not succeed later ends the wait. Throws UserError if the instance gets
 * to another final state.
 */
export async function waitForState(aws: Aws, id: string, state: keyof typeof farFrom): Promise<void> {
  if (aws.isDryRun) return;
  let last: FoundInstance | undefined;
  let astray = 0;
  const there = await poll(
    async () => {
      [last] = await instancesWhere(aws, [{ Name: "instance-id", Values: [id] }]);
      if (last?.state === state || (state === "terminated" && last === undefined)) return true;
      if (last !== undefined) astray = farFrom[state].test(last.state) ? astray + 1 : 0;
      // one answer may show the state before the change
      return astray > 1 ? false : undefined;
    },
    { pause: pause(5), timeout: 600_000 },
  );
  if (there) return;
  throw new UserError(
    `instance ${id} did not become ${state}; it is ${last?.state ?? "gone"} ${last?.reason ?? ""}`.trim(),
  );
}

/**
 * Throws UserError if the instance is protected from being stopped or terminated through the API. Called before a host loses its calls.
 */
export async function refuseProtected(aws: Aws, id: string, end: "stop" | "terminate"): Promise<void> {
  const Attribute = end === "stop" ? "disableApiStop" : "disableApiTermination";
  const { DisableApiStop, DisableApiTermination } = await aws.ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute }),
  );
  const isProtected = end === "stop" ? DisableApiStop?.Value : DisableApiTermination?.Value;
  if (isProtected !== true) return;
  const option = end === "stop" ? "--no-disable-api-stop" : "--no-disable-api-termination";
  throw new UserError(`instance ${id} is protected (${Attribute}) and was not changed`, {
    hint: `aws ec2 modify-instance-attribute --instance-id ${id} ${option}`,
  });
}

/** The console output: the newest 64 KiB, or what EC2 has buffered for old instance types. */
export async function consoleOutput(aws: Aws, id: string): Promise<string> {
  const get = (latest: object) => aws.ec2.send(new GetConsoleOutputCommand({ InstanceId: id, ...latest }));
  const { Output = "" } = await get({ Latest: true }).catch((error: unknown) => {
    if (isAwsError(error, "UnsupportedOperation")) return get({});
    throw error;
  });
  return Buffer.from(Output, "base64").toString();
}
