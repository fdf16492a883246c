import type { Suite } from "../local/base-spec.js";

/** The origin of an image's Kamailio. */
export interface KamailioOrigin {
  from: "distro" | "apt" | "source";
  /** For apt, the branch; for source, the git branch or tag; empty for distro. */
  version: string;
}

/** Branches with packages on deb.kamailio.org; older ones are built from source. */
const packagedBranches = ["5.8", "6.0", "6.1"];

/** Reads `kamailio_version`: `distro`, a packaged branch, or another branch or tag. The prefixes `apt:` and `git:` choose explicitly. */
export function kamailioOrigin(version: string): KamailioOrigin {
  if (version === "distro") return { from: "distro", version: "" };
  if (version.startsWith("apt:")) return { from: "apt", version: version.slice(4) };
  if (version.startsWith("git:")) return { from: "source", version: version.slice(4) };
  return { from: packagedBranches.includes(version) ? "apt" : "source", version };
}

/** The suite in the Kamailio project's apt repository, for a Debian release with this codename. */
export function projectSuite(version: string, codename: string): Suite | undefined {
  const origin = kamailioOrigin(version);
  if (origin.from !== "apt") return undefined;
  const mirror = `http://deb.kamailio.org/kamailio${origin.version.replaceAll(".", "")}`;
  return { mirror, name: codename, required: true };
}
