import type { Host } from "../../../understand/fleet.js";
import { UserError } from "../../../errors.js";
import { tagKey } from "../compute/names.js";
import type { Tags } from "../compute/tags.js";
import type { Aws } from "./aws.js";
import { ownLines } from "./console.js";
import { isRefusal } from "./errors.js";
import { consoleOutput, instancesWhere, type FoundInstance } from "./instances.js";
import { poll } from "../../../do/wait.js";
import { pause } from "./pause.js";

/** Checks of the console, two minutes in total, until a host must have confirmed the drain. It reads its tags every five seconds. */
const looks = 24;

/** Milliseconds after drain_limit within which a host must report the result. */
const grace = 180_000;

export const drains = (tags: Tags): boolean => tags[tagKey.drain] !== undefined;

/** The request that removes the drain tag from an instance. */
export const drainTag = (id: string) => ({ Resources: [id], Tags: [{ Key: tagKey.drain }] });

/**
 * Drains a host, and waits until its last call has ended or drain_limit is over. The host is told by a tag, and answers on its console. A
 * drain that runs already continues. Throws UserError if the host does not answer; the tag is removed then, and it accepts calls as before.
 */
export async function drain(
  aws: Aws,
  { name, settings }: Host,
  { id, state, tags, showsTags }: FoundInstance,
  tell: (line: string) => void,
): Promise<void> {
  if (state !== "running") return;
  const value = tags[tagKey.drain] ?? new Date().toISOString();
  if (!showsTags) await showTags(aws, id, name);
  if (!drains(tags))
    await aws.change("ec2:CreateTags", { Resources: [id], Tags: [{ Key: tagKey.drain, Value: value }] }, {});
  if (aws.isDryRun) return;
  const says = sayings(aws, id, value, tell);
  const heard = await poll(says, { pause: pause(5), timeout: looks * pause(5) });
  if (heard === undefined) {
    await aws.change("ec2:DeleteTags", drainTag(id), {});
    throw new UserError(`${name} (${id}) has not confirmed the drain and still accepts calls`, {
      hint: `images of earlier releases ignore the drain tag: run sip-proxy-drain on the host, then the same command with --now; --now without a drain ends the calls`,
    });
  }
  const over = async () => ((await says())?.over === true ? true : undefined);
  if (heard.over || (await poll(over, { pause: pause(5), timeout: settings.drain_limit * 1000 + grace })))
    return;
  throw new UserError(`${name} (${id}) is still draining after ${settings.drain_limit} s (drain_limit)`, {
    hint: "run the same command again to keep waiting, or with --now to end the calls",
  });
}

async function showTags(aws: Aws, id: string, name: string): Promise<void> {
  try {
    await aws.change(
      "ec2:ModifyInstanceMetadataOptions",
      { InstanceId: id, InstanceMetadataTags: "enabled" },
      {},
    );
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new UserError(`${name} (${id}) cannot be drained: ${error.message}`, {
      hint: "the metadata service does not accept tag names with spaces or slashes; run sip-proxy-drain on the host, then the same command with --now",
      cause: error,
    });
  }
}

/** Returns a function that reads the host's messages since the request, and reports new ones; undefined if there are none. */
function sayings(aws: Aws, id: string, value: string, tell: (line: string) => void) {
  let told: string | undefined;
  return async (): Promise<{ over: boolean } | undefined> => {
    const [instance] = await instancesWhere(aws, [{ Name: "instance-id", Values: [id] }]);
    if (instance?.state !== "running") return { over: true };
    const lines = ownLines(await consoleOutput(aws, id));
    if (!lines.some((line) => line.includes(`(${value})`))) return undefined;
    const last = lines.at(-1);
    if (last !== told && last !== undefined) tell(`${id}: ${last}`);
    told = last;
    return { over: lines.some((line) => /^(drained|FAILED)/.test(line) && line.endsWith(`(${value})`)) };
  };
}
