import type { Action } from "../compute/calls.js";
import { AwsError } from "./errors.js";

/** The fields in which answers with status 200 report parts that failed; they differ by operation. */
interface Undone {
  /** In older operations of EC2: true for success. */
  Return?: boolean;
  UnsuccessfullyDeletedLaunchTemplateVersions?: readonly {
    VersionNumber?: number;
    ResponseError?: { Code?: string; Message?: string };
  }[];
}

/** Throws AwsError if the answer reports that a part failed. */
export function refuseUndone(action: Action, output: object): void {
  const { Return, UnsuccessfullyDeletedLaunchTemplateVersions: versions = [] } = output as Undone;
  const what = action.replace(":", " ");
  if (Return === false) throw new AwsError("NotDone", `${what}: AWS reports a failure`, {}, 1);
  const [failed] = versions.filter(({ ResponseError }) => !/DoesNotExist$/i.test(ResponseError?.Code ?? ""));
  if (!failed) return;
  const { Code = "NotDone", Message = "" } = failed.ResponseError ?? {};
  throw new AwsError(Code, `${what}: version ${failed.VersionNumber}: ${Code}: ${Message}`, {}, 1);
}
