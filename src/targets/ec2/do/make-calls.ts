import { DescribeSecurityGroupsCommand } from "@aws-sdk/client-ec2";
import type { InputOf, PlannedCall } from "../compute/calls.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";

/** Stands in planned calls for the id that a call before them will give. */
export const newSecurityGroup = "(the new security group)";

/** Makes planned calls in order, with ids filled in that were not known when they were planned. */
export class Maker {
  readonly #ids = new Map<string, string>();

  constructor(private readonly aws: Aws) {}

  async make({ action, input }: PlannedCall): Promise<void> {
    const filled = this.fillIn(input);
    try {
      const output = await this.aws.change(action, filled, {});
      if ("GroupId" in output && typeof output.GroupId === "string")
        this.#ids.set(newSecurityGroup, output.GroupId);
    } catch (error) {
      if (!wasDoneBefore(error)) throw error;
      if (action === "ec2:CreateSecurityGroup") await this.#findSecurityGroup(input);
    }
  }

  /** A value with all ids that are known by now. */
  fillIn<T>(value: T): T {
    if (typeof value === "string") return (this.#ids.get(value) ?? value) as T;
    if (Array.isArray(value)) return value.map((part: unknown) => this.fillIn(part)) as T;
    if (typeof value !== "object" || value === null || value instanceof Date) return value;
    const entries = Object.entries(value).map(
      ([name, part]) => [name, this.fillIn(part as unknown)] as const,
    );
    return Object.fromEntries(entries) as T;
  }

  async #findSecurityGroup({
    GroupName = "",
    VpcId = "",
  }: InputOf<"ec2:CreateSecurityGroup">): Promise<void> {
    const filters = { "group-name": GroupName, "vpc-id": VpcId };
    const { SecurityGroups = [] } = await this.aws.ec2.send(
      new DescribeSecurityGroupsCommand({
        Filters: Object.entries(filters).map(([Name, value]) => ({ Name, Values: [value] })),
      }),
    );
    this.#ids.set(newSecurityGroup, SecurityGroups[0]?.GroupId ?? "");
  }
}

/** Makes one planned call whose answer nobody needs. */
export async function make(aws: Aws, call: PlannedCall): Promise<void> {
  await new Maker(aws).make(call);
}

/** A call that was made again because its answer was lost, and that was done the first time. */
function wasDoneBefore(error: unknown): boolean {
  const codes = [
    "AlreadyExists",
    "AlreadyExistsFault",
    "InvalidGroup.Duplicate",
    "InvalidLaunchTemplateName.AlreadyExistsException",
    "InvalidPermission.Duplicate",
  ];
  return isAwsError(error, ...codes) && error.attempts > 1;
}
