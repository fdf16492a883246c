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
