import type { Suite } from "../local/base-spec.js";

/** Where an image's Kamailio comes from. */
export interface KamailioOrigin {
  from: "distro" | "apt" | "source";
  /** Of apt: the branch. Of source: the git branch or tag. Empty for distro. */
  version: string;
}

/** Branches for which deb.kamailio.org holds packages; older ones are built from source. */
const packagedBranches = ["5.8", "6.0", "6.1"];

/** Reads `kamailio_version`: `distro`, a packaged branch, any other branch or tag; `apt:` and `git:` say which outright. */
export function kamailioOrigin(version: string): KamailioOrigin {
  if (version === "distro") return { from: "distro", version: "" };
  if (version.startsWith("apt:")) return { from: "apt", version: version.slice(4) };
  if (version.startsWith("git:")) return { from: "source", version: version.slice(4) };
  return { from: packagedBranches.includes(version) ? "apt" : "source", version };
}

/** The suite of the Kamailio project's apt repository that an image's Kamailio comes from, for a release of this codename. */
export function projectSuite(version: string, codename: string): Suite | undefined {
  const origin = kamailioOrigin(version);
  if (origin.from !== "apt") return undefined;
  const mirror = `http://deb.kamailio.org/kamailio${origin.version.replaceAll(".", "")}`;
  return { mirror, name: codename, required: true };
}
