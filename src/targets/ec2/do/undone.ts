import type { Action } from "../compute/calls.js";
import { AwsError } from "./errors.js";

/** What an answer of 200 says of parts that were not done, in whichever way its operation says so. */
interface Undone {
  /** EC2: the older operations answer true. */
  Return?: boolean;
  UnsuccessfullyDeletedLaunchTemplateVersions?: readonly {
    VersionNumber?: number;
    ResponseError?: { Code?: string; Message?: string };
  }[];
}

/** Throws AwsError when the answer says that not everything was done. */
export function refuseUndone(action: Action, output: object): void {
  const { Return, UnsuccessfullyDeletedLaunchTemplateVersions: versions = [] } = output as Undone;
  const what = action.replace(":", " ");
  if (Return === false) throw new AwsError("NotDone", `${what}: AWS reports a failure`, {}, 1);
  const [failed] = versions.filter(({ ResponseError }) => !/DoesNotExist$/i.test(ResponseError?.Code ?? ""));
  if (!failed) return;
  const { Code = "NotDone", Message = "" } = failed.ResponseError ?? {};
  throw new AwsError(Code, `${what}: version ${failed.VersionNumber}: ${Code}: ${Message}`, {}, 1);
}
