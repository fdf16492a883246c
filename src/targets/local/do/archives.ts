import { projectSuite } from "../../../compute/image/kamailio-origin.js";
import { codename, type BaseSpec } from "../../../compute/local/base-spec.js";
import { archiveState, indexDigest, stateOf } from "../../../do/local/archive.js";
import { packagesOf } from "../../../do/local/base-tree.js";
import type { Talk } from "../../../do/local/talk.js";
import type { Image } from "../../../understand/fleet.js";

/**
 * The state of the archives of an image's packages that is not part of the base's key; null if there are none. Throws UserError if an
 * archive does not answer.
 */
export async function archivesBeyondBase(image: Image, spec: BaseSpec, talk: Talk): Promise<unknown> {
  const suite = projectSuite(image.kamailio_version, codename(spec.release));
  const further = Object.values(image.repositories);
  const states = [
    ...(typeof image.base === "string" ? [] : [packagesOf(await archiveState(spec, talk))]),
    ...(suite === undefined ? [] : [packagesOf(await stateOf([suite], talk))]),
    ...(further.length === 0 ? [] : [await Promise.all(further.map(indexDigest))]),
  ];
  return states.length === 0 ? null : states;
}
