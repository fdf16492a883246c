import { fixedFlaws } from "../../compute/image/fixed-flaws.js";
import type { ImageLock } from "../../compute/image/lock.js";
import type { OutdatedPackage } from "../../compute/image/outdated.js";
import { UserError } from "../../errors.js";
import { fetchByApt, MirrorUnreachable } from "../local/archive.js";

/** Some 70 MB of JSON. */
export const debiansTracker = "https://security-tracker.debian.org/tracker/data/json";

/** The value that turns the query off. */
export const noTracker = "none";

export interface KnownFlaws {
  /** CVE ids by package name. */
  flaws: Map<string, string[]>;
  /** Reasons why none are known. */
  notes: string[];
}

/** The flaws that security updates fix, from the tracker; it is queried only if there are such updates, by apt's transports and proxies. */
export async function knownFlaws(
  lock: ImageLock,
  outdated: readonly OutdatedPackage[],
  tracker: string,
): Promise<KnownFlaws> {
  if (tracker === noTracker || !outdated.some(({ security }) => security))
    return { flaws: new Map(), notes: [] };
  try {
    const text = await fetchByApt(tracker);
    if (text === undefined) throw new UserError(`${tracker} is not there`);
    return { flaws: fixedFlaws(text, lock, outdated), notes: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const why = error instanceof MirrorUnreachable ? error.why : error.message;
    return { flaws: new Map(), notes: [`the CVEs are not known: ${why}`] };
  }
}
