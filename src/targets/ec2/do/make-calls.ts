import { newSecurityGroup, type InputOf, type PlannedCall } from "../compute/calls.js";
import { fillIn } from "../compute/fill-in.js";
import { newVersion } from "../compute/group/plan.js";
import { tagKey } from "../compute/names.js";
import { refuseForeign } from "../compute/ownership.js";
import { tagsOf } from "../compute/tags.js";
import { UserError } from "../../../errors.js";
import type { Aws } from "./aws.js";
import { isAwsError, type AwsError } from "./errors.js";
import { securityGroupNamed } from "./security-group-named.js";

/** Makes planned calls in order, and replaces placeholders by the ids that earlier calls have returned. */
export class Maker {
  readonly #ids = new Map<string, string>();

  constructor(private readonly aws: Aws) {}

  async make({ action, input }: PlannedCall): Promise<void> {
    const filled = this.fillIn(input);
    try {
      this.#remember(await this.aws.change(action, filled, {}));
    } catch (error) {
      if (!isAwsError(error, ...alreadyThere)) throw error;
      if (error.attempts === 1) throw madeByOthers(error);
      // the answer to the first attempt was lost, and the call was repeated
      if (action === "ec2:CreateSecurityGroup") await this.#findSecurityGroup(input);
    }
  }

  #remember(output: { GroupId?: unknown; LaunchTemplateVersion?: unknown }): void {
    const { GroupId, LaunchTemplateVersion: version } = output;
    if (typeof GroupId === "string") this.#ids.set(newSecurityGroup, GroupId);
    const { VersionNumber } = (version ?? {}) as { VersionNumber?: number };
    if (VersionNumber !== undefined) this.#ids.set(newVersion, String(VersionNumber));
  }

  /** A value with known ids in place of their placeholders. */
  fillIn<T>(value: T): T {
    return fillIn(value, (text) => this.#ids.get(text));
  }

  async #findSecurityGroup({
    GroupName = "",
    VpcId = "",
    TagSpecifications = [],
  }: InputOf<"ec2:CreateSecurityGroup">): Promise<void> {
    const group = await securityGroupNamed(this.aws, GroupName, VpcId);
    const fleet = tagsOf(TagSpecifications[0]?.Tags)[tagKey.fleet] ?? "";
    if (group)
      refuseForeign({ what: `the security group ${GroupName}`, tags: tagsOf(group.Tags) }, { fleet });
    this.#ids.set(newSecurityGroup, group?.GroupId ?? "");
  }
}

/** Makes one planned call whose answer is not needed. */
export async function make(aws: Aws, call: PlannedCall): Promise<void> {
  await new Maker(aws).make(call);
}

const alreadyThere = [
  "AlreadyExists",
  "AlreadyExistsFault",
  "InvalidGroup.Duplicate",
  "InvalidLaunchTemplateName.AlreadyExistsException",
  "InvalidPermission.Duplicate",
];

/** The error if the resource was created after the plan was made. */
function madeByOthers(error: AwsError): UserError {
  return new UserError(
    `another process created this resource at the same time; it was not changed: ${error.message}`,
    {
      hint: "check with sip-proxy group plan FLEET whether another apply of this fleet is running, then apply again",
      cause: error,
    },
  );
}
